package main

import "fmt"

func main() {
	squares := make(chan int)
	go func() {
		for i := 1; i <= 5; i++ {
			squares <- i * i
		}
		close(squares)
	}()
	sum := 0
	for square := range squares {
		sum += square
	}
	fmt.Println("the sum of five squares is", sum)
}
