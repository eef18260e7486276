try:
    x = bytearray(1 << 60)
except MemoryError:
    print("handled")
