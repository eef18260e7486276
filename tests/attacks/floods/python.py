# SPDX-License-Identifier: MIT
"""One short line of Python that takes long, or much, and that no signal handler of Python's own can interrupt."""

import re
import sys
import time

import attack

kind = sys.argv[1]
before = time.process_time()
try:
    if kind == "number":
        value = pow(3, 6_000_000)
    elif kind == "pattern":
        value = re.match(r"(a|a)*$", "a" * 23 + "b")
    else:
        value = b"x" * (128 << 20)
except MemoryError:
    attack.held("MemoryError")
attack.breach(f"{kind}: done after {time.process_time() - before:.1f} s")
