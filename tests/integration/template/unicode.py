# SPDX-License-Identifier: MIT
print('héllo ☃', ascii('\udc80')); import sys; sys.stderr.write('\udc80\n'); print('\udc80')
