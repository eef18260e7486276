keep = []
while True:
    keep.append([0] * 1000)
