# SPDX-License-Identifier: MIT
import sys, os
print('a'); sys.stdout.flush(); os.close(1)
print('b')
