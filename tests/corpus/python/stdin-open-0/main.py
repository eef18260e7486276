by_name = open("/dev/stdin")
first = by_name.readline()
rest = open(0).read()
print(first.strip(), len(first + rest) >= 4)
