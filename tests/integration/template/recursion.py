# SPDX-License-Identifier: MIT
import sys
def f(n): return 0 if n==0 else 1+f(n-1)
sys.setrecursionlimit(60000)
print(f(50000))
l=[]
for i in range(20000): l=[l]
print(len(repr(l)) if False else 'ok')
import threading
threading.stack_size(64<<20)
t=threading.Thread(target=lambda: print(f(40000))); t.start(); t.join()
