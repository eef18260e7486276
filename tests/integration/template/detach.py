# SPDX-License-Identifier: MIT
import sys, io
sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-16', write_through=False)
print('hi')
