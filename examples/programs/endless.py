# Never ends by itself: the verdict is TIME_LIMIT_EXCEEDED.
n = 0
while True:
    n += 1
