import threading
import time

started = 0
try:
    for _ in range(100):
        threading.Thread(target=time.sleep, args=(15,), daemon=True).start()
        started += 1
except RuntimeError:
    pass
print(started)
