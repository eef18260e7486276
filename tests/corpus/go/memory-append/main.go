package main

func main() {
	var keep [][]byte
	for {
		block := make([]byte, 1<<20)
		for i := range block {
			block[i] = 1
		}
		keep = append(keep, block)
	}
}
