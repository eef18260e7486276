// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { meantName, problemOfName } from './names';
import { newName } from './newName';

describe('names of files', () => {
  it.each(['main.c', 'lib/util.h', '.hidden', 'zwei wörter.txt'])('%s is one', (name) => {
    expect(problemOfName(name, ['other.c'])).toBeNull();
  });
  it.each(['', ' ', '/etc/passwd', '../x', 'a/../b', 'a//b', 'a/', '.', 'a\\b', 'a\nb', 'x'.repeat(256), 'other.c'])(
    '"%s" is none',
    (name) => {
      expect(problemOfName(name, ['other.c'])).not.toBeNull();
    },
  );
  it.each(['a\u202egnp.py', 'ma\u200bin.c', '\ufeffmain.c', 'a\u2066.c', 'a\u0085'])(
    '%j has what is not seen',
    (name) => {
      expect(problemOfName(name, [])).toMatch(/invisible/);
    },
  );
  it.each([
    ['util.py', 'file2.py', 'util.py'],
    ['util.py.py', 'file2.py', 'util.py'],
    ['util', 'file2.py', 'util.py'],
    ['lib/util', 'file2.py', 'lib/util.py'],
    ['data.json', 'file2.py', 'data.json'],
    ['Makefile', 'file2.txt', 'Makefile'],
    [' util.py ', 'file2.py', 'util.py'],
    ['', 'file2.py', ''],
    ['other', 'Makefile', 'other'],
  ])('%j in the place of %s means %s', (written, before, name) => {
    expect(meantName(written, before, true)).toBe(name);
  });
  it('may lose their ending when a file is renamed', () => {
    expect(meantName('script', 'main.py', false)).toBe('script');
    expect(meantName('util.py.py', 'main.py', false)).toBe('util.py');
  });
  it('are found for one more', () => {
    expect(newName(['main.py'])).toBe('file2.py');
    expect(newName(['main.py', 'file2.py'])).toBe('file3.py');
    expect(newName(['Main.java'])).toBe('Other2.java');
    expect(newName(['Makefile'])).toBe('file2.txt');
  });
});
