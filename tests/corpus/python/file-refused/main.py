for path in ("/etc/x", "/usr/x", "/x", "/etc/passwd", "/proc/self/mem", "/proc/sys/kernel/core_pattern"):
    try:
        open(path, "a")
        print(path, "was opened")
    except OSError as error:
        pass
print("end")
