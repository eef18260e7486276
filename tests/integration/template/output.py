# SPDX-License-Identifier: MIT
while True: print('x'*1000)
