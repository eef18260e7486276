// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { shownName } from './visible';

it.each([
  ['a\u202egnp.py', 'a<U+202E>gnp.py'],
  ['ma\u200bin.c', 'ma<U+200B>in.c'],
  ['\ufeffmain.c', '<U+FEFF>main.c'],
  ['a\u2066b\u2069', 'a<U+2066>b<U+2069>'],
  ['a\nb\u0085', 'a<U+A>b<U+85>'],
  ['x\u{e0041}', 'x<U+E0041>'],
  ['\u3164', '<U+3164>'],
  ['lib/zwei wörter 😀 日本.c', 'lib/zwei wörter 😀 日本.c'],
])('the name %j is shown as %j', (name, shown) => expect(shownName(name)).toBe(shown));
