# SPDX-License-Identifier: MIT
# Takes more and more memory, until the limit ends it.
blocks = []
while True:
    blocks.append(bytearray(16 * 1024 * 1024))
    print(f"{16 * len(blocks)} MiB", flush=True)
