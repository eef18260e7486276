import os

for path in ("/etc/shadow", "/root", "/home", "/var/lib/dpkg", "/sys/class", "/proc/1/environ", "/run"):
    try:
        found = os.listdir(path) if os.path.isdir(path) else open(path).read()
        if found:
            print(path, found)
    except OSError:
        pass
print("end")
