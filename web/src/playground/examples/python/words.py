# SPDX-License-Identifier: MIT
import sys
from collections import Counter

words = Counter(sys.stdin.read().lower().split())
for word, count in words.most_common(5):
    print(f"{count:4} {word}")
