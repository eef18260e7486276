import sys

while True:
    print("again", file=sys.stderr)
