import threading
import time

for _ in range(100):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
