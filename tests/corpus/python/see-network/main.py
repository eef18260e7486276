import os

try:
    lines = open("/proc/net/dev").read().splitlines()[2:]
except OSError:
    lines = []
print([l.split(":")[0].strip() for l in lines if l.split(":")[0].strip() != "lo"])
