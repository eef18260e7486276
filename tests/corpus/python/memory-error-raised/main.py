raise MemoryError("not really")
