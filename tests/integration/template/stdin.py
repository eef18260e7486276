# SPDX-License-Identifier: MIT
import sys
print(input()); print(repr(sys.stdin.read())); 
try: input()
except EOFError as e: print('eof', e)
