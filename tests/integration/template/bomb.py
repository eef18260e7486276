# SPDX-License-Identifier: MIT
import os
n=0
try:
    while True:
        if os.fork()==0:
            import time; time.sleep(5); os._exit(0)
        n+=1
except OSError as e: print(e.errno, n>3)
