# SPDX-License-Identifier: MIT
import decimal, fractions, statistics, itertools, re, sqlite3, csv, zlib, struct, array, datetime, time
print(decimal.getcontext(), fractions.Fraction(1,3)+1, statistics.mean([1,2,3]), sqlite3.connect(':memory:').execute('select 1').fetchall(), datetime.date(2020,1,1), time.tzname)
