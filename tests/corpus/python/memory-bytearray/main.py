b = bytearray(1 << 30)
for i in range(0, 1 << 30, 4096):
    b[i] = 1
