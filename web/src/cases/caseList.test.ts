// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { duplicated, edited, moved, without, withPasted } from './caseList';

const list = ['a', 'b', 'c'].map((key) => ({ key, name: key, stdin: '', expected: '' }));
const names = (cases: { name: string }[]) => cases.map((one) => one.name).join(' ');

describe('a list of test cases', () => {
  it('is edited, shortened and put in order', () => {
    expect(names(edited(list, 'b', { name: 'x' }))).toBe('a x c');
    expect(names(without(list, 'b'))).toBe('a c');
    expect(names(moved(list, 'b', -1))).toBe('b a c');
    expect(names(moved(list, 'b', 1))).toBe('a c b');
    expect(names(moved(list, 'a', -1))).toBe('a b c');
    expect(names(moved(list, 'c', 1))).toBe('a b c');
  });
  it('holds no name that the server would not take', () => {
    const long = 'é'.repeat(150);
    const all = [
      ...edited(list, 'b', { name: long }),
      ...duplicated([{ key: 'l', name: 'x'.repeat(198), stdin: '', expected: '' }], 'l'),
      ...withPasted([], [{ name: `x${long}`, stdin: '', expected: '' }]),
    ];
    expect(all.map(({ name }) => new TextEncoder().encode(name).length)).toEqual([1, 200, 1, 198, 200, 199]);
  });
  it('takes copies right behind what they are of, with keys of their own', () => {
    const copies = duplicated(list, 'b');
    expect(names(copies)).toBe('a b b (copy) c');
    expect(new Set(copies.map((one) => one.key)).size).toBe(4);
  });
  it('takes pasted ones at the end, in the place of empty ones', () => {
    const empty = [{ key: 'e', name: '', stdin: '', expected: '' }];
    expect(withPasted(empty, [{ name: 'p', stdin: '1', expected: '2' }])).toHaveLength(1);
    expect(names(withPasted(list, [{ name: 'p', stdin: '1', expected: '2' }]))).toBe('a b c p');
  });
});
