# SPDX-License-Identifier: MIT
def g():
    yield 1
    try:
        yield 2
    finally:
        print('closed')


x = g()
next(x)
next(x)
