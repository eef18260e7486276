package main

import (
	"fmt"
	"os"
)

func main() {
	if err := os.MkdirAll("/work/d/e", 0o755); err != nil {
		panic(err)
	}
	if err := os.WriteFile("/work/d/e/f", []byte("text"), 0o644); err != nil {
		panic(err)
	}
	data, err := os.ReadFile("/work/d/e/f")
	fmt.Println(string(data), err)
	_, err = os.Create("/usr/x")
	fmt.Println(err != nil)
}
