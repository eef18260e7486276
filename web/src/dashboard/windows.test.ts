// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { SPANS, spanOf } from './windows';

it('asks for what the server allows, in buckets of whole seconds', () => {
  for (const { seconds, buckets } of SPANS) {
    expect(seconds).toBeLessThanOrEqual(86_400);
    expect(buckets).toBeLessThanOrEqual(240);
    expect(seconds % buckets).toBe(0);
  }
});

it('falls back on 15 minutes', () => {
  expect(spanOf('1h').seconds).toBe(3_600);
  expect(spanOf('nonsense').seconds).toBe(900);
  expect(spanOf(null).seconds).toBe(900);
});
