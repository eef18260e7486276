first = open(0).readline()
rest = open("/dev/stdin").read()
print(first.strip(), len(rest) >= 0)
