# Takes more and more memory: the verdict is MEMORY_LIMIT_EXCEEDED.
blocks = []
while True:
    blocks.append(b"x" * 1_000_000)
