// SPDX-License-Identifier: MIT
import { describe, expect, it, vi } from 'vitest';
import type { CompareMode } from '../api/types';
import { diffLines, isSameLine, partsOf, readLine } from './diffLines';

const brief = (expected: string, printed: string, mode: CompareMode = 'trailing') =>
  diffLines(expected, printed, mode, 1e-6).rows.map((row) =>
    row.kind === 'gap'
      ? `(${row.count})`
      : `${row.kind === 'same' ? '=' : '!'} ${row.expected?.text ?? '–'} | ${row.printed?.text ?? '–'}`,
  );

describe('lines', () => {
  it('that differ stand beside each other', () => {
    expect(brief('1\n2\n3\n', '1\n5\n3\n')).toEqual(['= 1 | 1', '! 2 | 5', '= 3 | 3']);
  });
  it('that are missing or too many have no other', () => {
    expect(brief('1\n2\n3\n', '1\n3\n')).toEqual(['= 1 | 1', '! 2 | –', '= 3 | 3']);
    expect(brief('1\n', '1\n2\n')).toEqual(['= 1 | 1', '! – | 2']);
    expect(brief('1\n', '')).toEqual(['! 1 | –']);
  });
  it('that are alike are left out where they are many', () => {
    const same = Array.from({ length: 20 }, (_, index) => `line ${index}`).join('\n');
    expect(brief(`${same}\na\n${same}`, `${same}\nb\n${same}`)).toEqual([
      '(17)',
      '= line 17 | line 17',
      '= line 18 | line 18',
      '= line 19 | line 19',
      '! a | b',
      '= line 0 | line 0',
      '= line 1 | line 1',
      '= line 2 | line 2',
      '(17)',
    ]);
  });
});

describe('what counts is what counts for the server', () => {
  it.each<[CompareMode, string, string, boolean]>([
    ['trailing', 'a  ', 'a', true],
    ['trailing', ' a', 'a', false],
    ['exact', 'a ', 'a', false],
    ['tokens', ' a   b', 'a b', true],
    ['tokens', '1.0', '1', false],
    ['float', '1.0 x', '1.0000001 x', true],
    ['float', '1.0', '1.1', false],
    ['float', '1e3', '1000', true],
    ['float', 'nan', 'NaN', false],
    ['float', '0x10', '16', false],
  ])('%s: %j and %j', (mode, expected, printed, isSame) =>
    expect(isSameLine(readLine(expected, mode), readLine(printed, mode), 1e-6)).toBe(isSame),
  );
  it('empty lines at the end count only exactly', () => {
    expect(brief('1\n', '1\n\n\n')).toEqual(['(1)']);
    expect(brief('1\n', '1\n\n', 'exact')).toEqual(['= 1 | 1', '! – | ']);
  });
});

describe('sizes', () => {
  it('that are large are cut, and said to be', () => {
    const many = (word: string) => Array.from({ length: 50_000 }, (_, index) => `${word} ${index}`).join('\n');
    const begun = performance.now();
    const { rows, isCut } = diffLines(many('a'), many('b'), 'trailing', 0);
    expect(isCut).toBe(true);
    expect(rows.length).toBeLessThanOrEqual(300);
    expect(performance.now() - begun).toBeLessThan(3000);
  });
  it('of characters are cut between lines, and said to be', () => {
    const { rows, isCut } = diffLines('x'.repeat(5_000_000), 'y\n'.repeat(2_000_000), 'tokens', 0);
    expect(isCut).toBe(true);
    expect(rows.length).toBeLessThanOrEqual(300);
    const long = `${'x'.repeat(700)}\n`.repeat(2_000);
    expect(diffLines(`${long}a`, `${long}b`, 'trailing', 0)).toMatchObject({ rows: [{ kind: 'gap' }], isCut: true });
  });
  it.each(['tokens', 'float'] as const)('of many words are taken apart but once: %s', (mode) => {
    const split = vi.spyOn(String.prototype, 'split');
    const lines = (word: string) =>
      Array.from({ length: 500 }, (_, i) => `${'1.5 '.repeat(200)}${word} ${i}`).join('\n');
    diffLines(lines('a'), lines('b'), mode, 1e-6);
    const splits = split.mock.calls.length;
    split.mockRestore();
    expect(splits).toBeLessThan(1_100);
  });
  it('of one line are no matter', () => {
    const { rows } = diffLines('x'.repeat(1_000_000), `${'x'.repeat(999_999)}y`, 'trailing', 0);
    expect(rows).toHaveLength(1);
  });
});

describe('parts of a line', () => {
  it('are what differs, and what is around it', () => {
    expect(partsOf('the cat sat', 'the dog sat')).toEqual([
      { text: 'the ', isDifferent: false },
      { text: 'cat', isDifferent: true },
      { text: ' sat', isDifferent: false },
    ]);
    expect(partsOf('11', '111')).toEqual([{ text: '11', isDifferent: false }]);
    expect(partsOf('a', null)).toEqual([{ text: 'a', isDifferent: true }]);
  });
  it('of a long one are cut around the difference', () => {
    const parts = partsOf(`${'x'.repeat(5000)}1${'y'.repeat(5000)}`, `${'x'.repeat(5000)}2${'y'.repeat(5000)}`);
    expect(parts[0]?.text).toBe(`…${'x'.repeat(60)}`);
    expect(parts[1]).toEqual({ text: '1', isDifferent: true });
    expect(parts[2]?.text.length).toBeLessThan(500);
  });
});
