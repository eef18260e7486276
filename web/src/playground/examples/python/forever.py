# SPDX-License-Identifier: MIT
# Never ends by itself: press Stop, or see what the time limit does.
count = 0
while True:
    count += 1
    if count % 5_000_000 == 0:
        print(f"counted to {count:,}", flush=True)
