// SPDX-License-Identifier: MIT
import { afterEach, describe, expect, it } from 'vitest';
import { useLanguages } from '../../api/languages';
import { emptyDraft, NO_LIMITS } from '../../draft/workspace';
import { formatLimit, parseLimit, type LimitKind, timeToType, withTyping } from './limits';

describe('limits', () => {
  it.each<[LimitKind, string, number | null | undefined]>([
    ['time', '', null],
    ['time', ' 2 ', 2000],
    ['time', '1.5s', 1500],
    ['time', '1,5', 1500],
    ['time', '500 ms', 500],
    ['time', '1 min', 60_000],
    ['time', '0', undefined],
    ['time', '-1', undefined],
    ['time', 'soon', undefined],
    ['time', '2 MiB', undefined],
    ['memory', '64', 65_536],
    ['memory', '64 MB', 65_536],
    ['memory', '1 GiB', 1_048_576],
    ['memory', '512k', 512],
    ['output', '256', 256],
    ['output', '1 MiB', 1024],
    ['count', '8', 8],
    ['count', '8 s', undefined],
    ['count', '1e9', undefined],
  ])('of %s: "%s" is %s', (kind, text, value) => {
    expect(parseLimit(kind, text)).toBe(value);
  });

  it.each<[LimitKind, number, string]>([
    ['time', 10_000, '10 s'],
    ['time', 1500, '1.5 s'],
    ['time', 1234, '1234 ms'],
    ['memory', 262_144, '256 MB'],
    ['memory', 1_048_576, '1 GB'],
    ['memory', 1000, '1000 KB'],
    ['output', 1024, '1 MB'],
    ['count', 64, '64'],
  ])('of %s: %s is "%s", and back', (kind, value, text) => {
    expect(formatLimit(kind, value)).toBe(text);
    expect(parseLimit(kind, text)).toBe(value);
  });
});

describe('the time to type', () => {
  afterEach(() => useLanguages.setState({ timeMaxMs: Infinity }));

  it('is no longer than the server allows', () => {
    expect(timeToType()).toBe(60_000);
    useLanguages.setState({ timeMaxMs: 10_000 });
    expect(withTyping(draft(null), true)).toMatchObject({ limits: { timeMs: 10_000 } });
  });

  const draft = (timeMs: number | null, badLimits = {}) => ({
    ...emptyDraft('main.py', ''),
    limits: { ...NO_LIMITS, memoryKb: 7, timeMs },
    badLimits,
  });
  it('comes and goes with the switch', () => {
    expect(withTyping(draft(null), true)).toEqual({
      isInteractive: true,
      limits: { ...NO_LIMITS, memoryKb: 7, timeMs: timeToType() },
    });
    expect(withTyping(draft(timeToType()), false)).toEqual({
      isInteractive: false,
      limits: { ...NO_LIMITS, memoryKb: 7 },
    });
  });
  it('leaves what somebody wrote', () => {
    expect(withTyping(draft(5000), true)).toEqual({ isInteractive: true });
    expect(withTyping(draft(5000), false)).toEqual({ isInteractive: false });
    expect(withTyping(draft(null, { timeMs: 'soon' }), true)).toEqual({ isInteractive: true });
  });
});
