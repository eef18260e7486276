# SPDX-License-Identifier: MIT
import threading, time, queue, sys
def w(i):
    time.sleep(0.05); print('thread', i)
ts=[threading.Thread(target=w,args=(i,)) for i in range(1)]
[t.start() for t in ts]
d=threading.Thread(target=lambda: time.sleep(100), daemon=True); d.start()
print('main done')
