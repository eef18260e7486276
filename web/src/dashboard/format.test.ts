// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { about, age, ago, axisWidth, count, duration, percent, timeOfDay } from './format';

it('writes counts', () => {
  expect([0, 7, 7.26, 123.4, 12_400, null, undefined, Number.NaN].map(count)).toEqual([
    '0',
    '7',
    '7.3',
    '123',
    '12,400',
    '–',
    '–',
    '–',
  ]);
});

it('never writes 0 % of something that is, or 100 % of something that is not', () => {
  expect([0, 0.0001, 0.004, 0.256, 0.994, 0.99951, 1, null].map(percent)).toEqual([
    '0 %',
    '< 0.1 %',
    '0.4 %',
    '26 %',
    '99.4 %',
    '> 99.9 %',
    '100 %',
    '–',
  ]);
});

it('writes durations in the unit that fits', () => {
  expect(
    [0, 0.42, 9.96, 45.4, 999.6, 1_234, 12_340, 59_960, 125_000, 3_599_700, 11_045_000, null].map(duration),
  ).toEqual([
    '0 ms',
    '0.42 ms',
    '9.96 ms',
    '45.4 ms',
    '1 s',
    '1.23 s',
    '12.3 s',
    '1 min',
    '2 min 5 s',
    '1 h',
    '3 h 4 min',
    '–',
  ]);
});

it('writes a dash for a moment that cannot be read', () => {
  const never = Date.parse('yesterday');
  expect([age(never), ago(never), ago(2_000), timeOfDay(never, true)]).toEqual(['–', '–', '2 s ago', '–']);
});

it('writes ages in whole units', () => {
  expect([-5, 0, 59_400, 60_000, 7_200_000, 200_000_000].map(age)).toEqual([
    '0 s',
    '0 s',
    '59 s',
    '1 min',
    '2 h',
    '2 days',
  ]);
});

it('writes estimates roughly', () => {
  expect([0, 400, 19_400, 22_000, 58_000, 60_000, 100_000, 5_500_000].map(about)).toEqual([
    '1 s',
    '1 s',
    '19 s',
    '20 s',
    '1 min',
    '1 min',
    '2 min',
    '2 h',
  ]);
});

it('gives an axis the room that its longest text needs', () => {
  expect(axisWidth(['0', '5'])).toBe(52);
  expect(axisWidth(['0 ms', '1 min 40 s'])).toBeGreaterThan(70);
});
