# SPDX-License-Identifier: MIT
def f(n):
    if n == 0: raise ValueError('x')
    f(n-1)
f(3)
