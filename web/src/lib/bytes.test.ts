// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64, utf8Length } from './bytes';

describe('bytes', () => {
  it('come back from base64 as they were', () => {
    const bytes = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 7) % 256);
    expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
  });
  it('are none where there is no base64', () => {
    expect(decodeBase64('*')).toHaveLength(0);
  });
  it('of a text are counted as UTF-8', () => {
    for (const text of ['', 'abc', 'é', '€', '😀', 'a😀é€\u0000']) {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }
  });
});
