import decimal
import fractions
import functools
import heapq


@functools.lru_cache(None)
def paths(x, y):
    return 1 if x == 0 or y == 0 else paths(x - 1, y) + paths(x, y - 1)


print(paths(16, 16), heapq.nsmallest(3, [5, 1, 4, 2]), fractions.Fraction(1, 3) + 1, decimal.Decimal("0.1") * 3)
print(sorted("the quick brown fox".split(), key=len, reverse=True)[0])
