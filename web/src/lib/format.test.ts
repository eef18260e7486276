// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  bytes,
  clock,
  count,
  duration,
  exactDuration,
  exactTime,
  kilobytes,
  plural,
  relativeTime,
  signalMeaning,
  signalName,
} from './format';

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1 KB'],
    [1536, '1.5 KB'],
    [1024 * 1024 - 1, '1 MB'],
    [268435456, '256 MB'],
    [1.5 * 2 ** 30, '1.5 GB'],
    [-5, '0 B'],
  ])('%d bytes are %s', (number, text) => expect(bytes(number)).toBe(text));

  it('counts kilobytes in 1024', () => expect(kilobytes(262144)).toBe('256 MB'));
});

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [0.0004, 'under 1 µs'],
    [0.004, '0.004 ms'],
    [0.42, '0.42 ms'],
    [4.215, '4.21 ms'],
    [523.4, '523 ms'],
    [999.6, '1 s'],
    [1000, '1 s'],
    [1024.23, '1.02 s'],
    [10000, '10 s'],
    [59_940, '59.9 s'],
    [60_000, '1 min'],
    [125_000, '2 min 5 s'],
    [3_600_000 * 3 + 1_200_000, '3 h 20 min'],
  ])('%d ms are %s', (number, text) => expect(duration(number)).toBe(text));

  it('tells a limit to the millisecond', () => {
    expect(exactDuration(1234)).toBe('1.234 s');
    expect(exactDuration(10000)).toBe('10 s');
    expect(exactDuration(250)).toBe('250 ms');
    expect(exactDuration(90_000)).toBe('1 min 30 s');
  });

  it('has a clock with one decimal', () => {
    expect(clock(0)).toBe('0.0 s');
    expect(clock(3449)).toBe('3.4 s');
    expect(clock(65_000)).toBe('1:05 min');
  });
});

describe('numbers', () => {
  it('groups thousands', () => expect(count(1234567)).toBe('1,234,567'));
  it('tells one from many', () => {
    expect(plural(1, 'error')).toBe('1 error');
    expect(plural(2, 'error')).toBe('2 errors');
    expect(plural(0, 'process', 'processes')).toBe('0 processes');
  });
});

describe('moments', () => {
  const at = '2026-03-01T12:00:00.000Z';
  const later = (seconds: number) => Date.parse(at) + seconds * 1000;

  it.each([
    [-3, 'just now'],
    [4, 'just now'],
    [30, '30 s ago'],
    [119, '1 min ago'],
    [7200, '2 h ago'],
    [86_400, '1 day ago'],
    [3 * 86_400, '3 days ago'],
  ])('after %d s it was %s', (seconds, text) => expect(relativeTime(at, later(seconds))).toBe(text));

  it('gives the date of what is long ago', () => expect(relativeTime(at, later(30 * 86_400))).toMatch(/Mar 2026$/));
  it('is empty for what is no moment', () => {
    expect(relativeTime('soon')).toBe('');
    expect(exactTime('soon')).toBe('');
  });
  it('has seconds in the exact one', () => expect(exactTime(at)).toMatch(/1 Mar 2026, \d\d:00:00/));
});

describe('signals', () => {
  it('has their names', () => {
    expect(signalName(11)).toBe('SIGSEGV');
    expect(signalName(36)).toBe('SIGRTMIN+2');
    expect(signalName(99)).toBe('signal 99');
  });
  it('says what they mean, where they mean one thing', () => {
    expect(signalMeaning(11)).toBe('it touched memory that is not its own');
    expect(signalMeaning(10)).toBeNull();
  });
});
