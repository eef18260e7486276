package main

import "fmt"

func deeper(n int) int {
	var block [1024]int
	block[n%1024] = n
	return deeper(n+1) + block[(n+1)%1024]
}

func main() {
	fmt.Println(deeper(0))
}
