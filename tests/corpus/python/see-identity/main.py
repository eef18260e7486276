import os
import socket

print(os.getuid() != 0, os.getcwd(), os.uname().nodename, os.getpid() < 100, sorted(map(int, os.listdir("/proc/self/fd")))[:3])
print([p for p in os.listdir("/proc") if p.isdigit() and int(p) not in (1, os.getpid())])
