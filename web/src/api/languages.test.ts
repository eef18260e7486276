// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { wholeOnes } from './languages';

it('leaves out what is no language', () => {
  const whole = { name: 'python', title: 'Python', file_name: 'main.py', aliases: ['py'], available: true };
  expect(wholeOnes([null, {}, { name: 'c', title: 'C' }, { file_name: 'main.c' }, whole])).toEqual([whole]);
});

it('fills in what an older server does not tell, and shows what is not seen', () => {
  expect(wholeOnes([{ name: 'c', file_name: 'main.c' }])).toMatchObject([{ name: 'c', title: 'c', aliases: [] }]);
  expect(wholeOnes([{ name: 'c', file_name: 'main.c', title: 'a\u202eb' }])[0]?.title).toBe('a<U+202E>b');
});
