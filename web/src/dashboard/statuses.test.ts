// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { Status } from '../api/types';
import { LOOKS, lookOf, occurring, ratesOf, share } from './statuses';

it('has one look for each way to end', () => {
  expect(new Set(LOOKS.map(({ status }) => status)).size).toBe(10);
  expect(new Set(LOOKS.map(({ color }) => color)).size).toBe(10);
});

it('has a colour for a status that a newer server has', () => {
  expect(lookOf('ABDUCTED' as Status).color).toBe('--muted');
});

it('tells the service’s faults from the programs’', () => {
  expect(ratesOf({ SUCCESS: 6, TIMEOUT: 2, CANCELLED: 1, INTERNAL_ERROR: 1 })).toEqual({
    finished: 10,
    success: 6,
    internal: 1,
    program: 3,
  });
  expect(ratesOf({ RUNNING: 5 })).toEqual({ finished: 0, success: 0, internal: 0, program: 0 });
});

it('has no share of nothing', () => {
  expect(share(1, 4)).toBe(0.25);
  expect(share(0, 0)).toBeNull();
});

it('leaves out what does not occur', () => {
  expect(occurring({ INTERNAL_ERROR: 1, TIMEOUT: 0, SUCCESS: 2 }).map(({ status }) => status)).toEqual([
    'SUCCESS',
    'INTERNAL_ERROR',
  ]);
});
