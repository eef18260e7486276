import base64, collections, csv, datetime, hashlib, io, itertools, json, math, os, platform, random, re, statistics
import string, struct, sys, textwrap, time, typing, urllib.parse, uuid, zlib

random.seed(1)
print(json.dumps({"a": [1, None, True]}), hashlib.sha256(b"x").hexdigest()[:8], math.comb(10, 5))
print(zlib.decompress(zlib.compress(b"abc")), uuid.UUID(int=5), datetime.date(2026, 11, 21).isoweekday())
print(len(os.urandom(8)), time.time() > 0, platform.system())
