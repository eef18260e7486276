// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { scrollTo, TALLEST, windowOf } from './windowing';

describe('the window', () => {
  it('is all of what is short', () => {
    expect(windowOf(0, 20, 0, 400)).toEqual({ first: 0, end: 0, top: 0, height: 0 });
    expect(windowOf(200, 20, 1000, 400)).toEqual({ first: 0, end: 200, top: 0, height: 4000 });
  });

  it('is what can be seen, and a little around it', () => {
    const window = windowOf(10_000, 20, 100_000, 400);
    expect(window.first).toBeLessThanOrEqual(5000);
    expect(window.end).toBeGreaterThan(5020);
    expect(window.end - window.first).toBeLessThan(100);
    expect(window.top).toBe(window.first * 20);
    expect(window.height).toBe(200_000);
  });

  it('shows the end at the end', () => {
    const window = windowOf(10_000, 20, 200_000 - 400, 400);
    expect(window.end).toBe(10_000);
    expect(window.first).toBeLessThanOrEqual(9980);
  });

  it('stands for shares where there is more than a browser can scroll', () => {
    const count = 10_000_000;
    expect(windowOf(count, 20, 0, 400)).toMatchObject({ first: 0, height: TALLEST });
    const end = windowOf(count, 20, TALLEST - 400, 400);
    expect(end.end).toBe(count);
    expect(end.top + (end.end - end.first) * 20).toBe(TALLEST);
    const at = scrollTo(5_000_000, count, 20, 400);
    const middle = windowOf(count, 20, at, 400);
    expect(middle.first).toBeLessThan(5_000_000);
    expect(middle.end).toBeGreaterThan(5_000_000);
  });
});
