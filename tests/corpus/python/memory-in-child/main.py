import os

if os.fork() == 0:
    keep = []
    while True:
        keep.append(bytearray(1 << 20))
        keep[-1][::4096] = b"x" * 256
pid, status = os.wait()
print("child is gone")
