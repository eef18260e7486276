// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { Printing, type ShownChunk } from './printing';

const ESC = '\x1b';

/** How much is on paper at most between two looks at the clock. */
function longestStep(text: string): number {
  const chunks: ShownChunk[] = [{ stream: 'stdout', text }];
  const printing = new Printing(chunks, 'all', 100);
  let [longest, before] = [0, 0];
  const isDone = printing.advance(true, () => {
    longest = Math.max(longest, printing.paper.length - before);
    before = printing.paper.length;
    return false;
  });
  expect(isDone).toBe(true);
  return longest;
}

it('looks at the clock often within a large chunk', () => {
  expect(longestStep('x'.repeat(1_000_000))).toBeLessThanOrEqual(4096);
  expect(longestStep('some output\n'.repeat(80_000))).toBeLessThanOrEqual(4096);
});

it('stops when it is late, and goes on from there', () => {
  const chunks: ShownChunk[] = [{ stream: 'stdout', text: `${ESC}[31my\r`.repeat(20_000) }];
  const printing = new Printing(chunks, 'all', 100);
  let steps = 1;
  while (!printing.advance(true, () => true)) steps++;
  expect(steps).toBeGreaterThan(50);
  expect(printing.paper.slice(0, printing.paper.length)).toBe('y');
});

it('lays out wide rows a few at a time', () => {
  const chunks: ShownChunk[] = [{ stream: 'stdout', text: 'some output\n'.repeat(10_000) }];
  const printing = new Printing(chunks, 'all', 100);
  printing.advance(true, () => false);
  printing.setColumns(1000);
  printing.advance(true, () => true);
  expect(printing.rows.count).toBeLessThan(100);
  printing.advance(true, () => false);
  expect(printing.rows.count).toBe(10_000);
});
