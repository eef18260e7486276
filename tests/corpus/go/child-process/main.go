package main

import (
	"fmt"
	"os/exec"
)

func main() {
	out, err := exec.Command("/bin/echo", "from a child").Output()
	fmt.Print(string(out), err, "\n")
}
