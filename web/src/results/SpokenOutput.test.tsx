// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NOTHING, useRun, type Chunk } from '../run/run';
import { SpokenOutput, spokenOf } from './SpokenOutput';

const region = () => screen.getByRole('group', { name: 'Printed by the program' });
const prints = (...chunks: Chunk[]) =>
  act(() =>
    useRun.setState((state) => {
      state.chunks.push(...chunks);
      return { version: state.version + 1 };
    }),
  );
const out = (text: string): Chunk => ({ stream: 'stdout', text });
const pass = (milliseconds: number) => act(() => vi.advanceTimersByTime(milliseconds));
let begun = 0;
const begin = (interactive: boolean, phase: 'following' | 'over' = 'following') =>
  act(() =>
    useRun.setState({ ...NOTHING, chunks: [], phase, begunAt: ++begun, request: { language: 'python', interactive } }),
  );

beforeEach(() => {
  vi.useFakeTimers();
  useRun.setState({ ...NOTHING, chunks: [] });
  render(<SpokenOutput />);
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

it('reads aloud what an interactive program asks, and not what was typed', () => {
  begin(true);
  expect(region().getAttribute('aria-live')).toBe('polite');
  prints(out('\x1b[1mYour name?\x1b[0m '));
  pass(1000);
  expect(region().textContent).toBe('Your name?');
  const first = region().firstElementChild;
  prints({ stream: 'stdout', text: 'Ada\n', isEcho: true }, out('Your name? '));
  pass(1000);
  expect(region().textContent).toBe('Your name?');
  expect(region().firstElementChild, 'it is said again').not.toBe(first);
});

it('speaks once a second at most, a few lines at a time', () => {
  begin(true);
  for (let line = 1; line <= 40; line++) prints(out(`line ${line}\n`));
  pass(500);
  expect(region().textContent).toBe('');
  pass(500);
  expect(region().textContent).toBe('34 lines before:\nline 35\nline 36\nline 37\nline 38\nline 39\nline 40');
  expect(spokenOf('x'.repeat(100_000)).length).toBeLessThanOrEqual(300);
});

it('says the last words of a program that has ended meanwhile', () => {
  begin(true);
  prints(out('Well guessed!\n'));
  act(() => useRun.setState({ phase: 'over' }));
  pass(1000);
  expect(region().textContent).toBe('Well guessed!');
});

it('is silent of all others', () => {
  begin(false);
  prints(out('much\n'));
  pass(2000);
  expect(region().textContent).toBe('');
  begin(true, 'over');
  prints(out('long ago\n'));
  pass(2000);
  expect(region().textContent).toBe('');
});
