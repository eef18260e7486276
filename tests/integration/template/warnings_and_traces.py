# SPDX-License-Identifier: MIT
import traceback, warnings
traceback.print_stack()
warnings.warn('hi', stacklevel=1)
warnings.warn('hi', stacklevel=2)
try:
    1/0
except Exception:
    traceback.print_exc()
raise RuntimeError('a') from KeyError('b')
