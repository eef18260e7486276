// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { joinArguments, splitArguments } from './arguments';

describe('arguments', () => {
  it.each([
    ['', []],
    ['  ', []],
    ['a b  c', ['a', 'b', 'c']],
    [`'two words' "and more"`, ['two words', 'and more']],
    [`a'b'"c"d`, ['abcd']],
    [`'' ""`, ['', '']],
    ['two\\ words', ['two words']],
    [`"a \\"quote\\" \\n"`, ['a "quote" \\n']],
    [`'a\\b'`, ['a\\b']],
    ['$HOME `ls` *', ['$HOME', '`ls`', '*']],
    ['end\\', ['end\\']],
  ])('%s', (text, args) => {
    expect(splitArguments(text)).toEqual({ args, open: null });
  });

  it('tells a quote that is not closed', () => {
    expect(splitArguments(`a 'b c`)).toEqual({ args: ['a', 'b c'], open: "'" });
    expect(splitArguments(`"`)).toEqual({ args: [''], open: '"' });
  });

  it('come back as they were', () => {
    const args = ['', 'plain', 'two words', "it's", '"', `both ' and "`, 'a\\b', '\\\' "', '\n\t', '$x', 'ü'];
    expect(splitArguments(joinArguments(args)).args).toEqual(args);
  });
});
