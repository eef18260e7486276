import os
import time

if os.fork() == 0:
    time.sleep(0.5)
    os.abort()
print("end")
