b = bytearray(40 << 20)
b[::4096] = b"x" * (40 << 8)
print(len(b))
