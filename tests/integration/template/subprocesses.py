# SPDX-License-Identifier: MIT
import subprocess, sys
print(subprocess.run([sys.executable, '-c', 'import sys; print(sys.argv, 5)'], capture_output=True, text=True))
