# SPDX-License-Identifier: MIT
import sys

sys.modules.clear()
print('nothing imported')
