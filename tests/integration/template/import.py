# SPDX-License-Identifier: MIT
import __main__, sys
print(__main__ is sys.modules['__main__'], __main__.__dict__ is globals())
import pickle
class A: pass
print(type(pickle.loads(pickle.dumps(A()))) is A)
import json, collections, typing, dataclasses
@dataclasses.dataclass
class P: x: int
print(P(1), json.dumps({'a':1}))
x: int = 5
print(__annotations__)
import typing; print(typing.get_type_hints(P))
import doctest; print(doctest.testmod())
