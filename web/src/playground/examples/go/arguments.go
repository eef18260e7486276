// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"os"
)

func main() {
	for i, arg := range os.Args[1:] {
		fmt.Printf("argument %d: %q\n", i+1, arg)
	}
}
