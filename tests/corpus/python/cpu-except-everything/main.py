import signal

for s in range(1, 65):
    try:
        signal.signal(s, lambda *_: None)
    except (OSError, ValueError):
        pass
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
