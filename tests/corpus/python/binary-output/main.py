import sys

sys.stdout.buffer.write(bytes(range(255, -1, -1)))
