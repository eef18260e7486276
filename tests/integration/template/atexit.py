# SPDX-License-Identifier: MIT
import atexit, sys
class D:
    def __init__(s, n): s.n = n
    def __del__(s): print('del', s.n, sys is not None); sys.stdout.flush()
d = D('global'); c = D('cycle'); c.c = c
_p = D('private')
atexit.register(lambda: print('atexit 1'))
atexit.register(lambda: 1/0)
atexit.register(lambda: (__import__('json').dumps(1), print('atexit 3')))
f = open('/tmp/out', 'w'); f.write('not flushed by hand')
print(atexit._ncallbacks())
