// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { MOST_PASTED, parseCases } from './parseCases';

describe('test cases from the clipboard', () => {
  it('as the API takes them', () => {
    expect(parseCases('{"test_cases": [{"name": "a", "stdin": "1\\n", "expected_output": "2\\n"}]}')).toEqual([
      { name: 'a', stdin: '1\n', expected: '2\n' },
    ]);
    expect(parseCases('[{"input": "1", "output": 2}, {"unknown": 1}, null]')).toEqual([
      { name: '', stdin: '1', expected: '2' },
    ]);
  });

  it('as statements of problems have them', () => {
    const text = `Sample Input 1:
1 2

Sample Output 1:
3

**Input**
\`\`\`
5 5
6 6
\`\`\`
**Output**
\`\`\`
10
\`\`\`
`;
    expect(parseCases(text)).toEqual([
      { name: '', stdin: '1 2\n', expected: '3\n' },
      { name: '', stdin: '5 5\n6 6\n', expected: '10\n' },
    ]);
  });

  it('by other headings', () => {
    expect(parseCases('input\n1\nexpected output\n2')).toEqual([{ name: '', stdin: '1\n', expected: '2\n' }]);
    expect(parseCases('=== Example 2 Input ===\n1\n=== Answer ===\n2')).toHaveLength(1);
  });

  it('that are none', () => {
    expect(parseCases('hello\nworld')).toEqual([]);
    expect(parseCases('42')).toEqual([]);
    expect(parseCases('')).toEqual([]);
  });

  it('is not slow at what is made to be', () => {
    const begun = performance.now();
    parseCases(`${'-'.repeat(70)}x\n`.repeat(5000));
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('is not slow at white space that no line ends with', () => {
    const begun = performance.now();
    expect(parseCases(`input\na${' '.repeat(100_000)}b`)[0]?.stdin).toHaveLength(100_003);
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('reads nothing of what is too long', () => {
    expect(parseCases('input\n' + 'x'.repeat(MOST_PASTED - 6))).toHaveLength(1);
    expect(parseCases('input\n' + 'x'.repeat(MOST_PASTED - 5))).toEqual([]);
  });
});
