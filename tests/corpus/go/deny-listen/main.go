package main

import (
	"fmt"
	"net"
)

func main() {
	_, err := net.Listen("tcp", "127.0.0.1:0")
	fmt.Println(err)
}
