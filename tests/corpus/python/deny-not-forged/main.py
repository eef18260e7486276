import os
import sys

print("SECURITY_VIOLATION: socket(AF_INET, SOCK_STREAM, 0)", file=sys.stderr)
os.kill(os.getpid(), 31)
