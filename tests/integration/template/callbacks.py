# SPDX-License-Identifier: MIT
import ctypes
import weakref


class A:
    pass


a = A()
weakref.finalize(a, print, 'finalized')
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
print(CALLBACK(lambda x: x + 1)(3), ctypes.c_int(5), ctypes.CDLL(None).getpid() > 0)
