// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { EventReader } from './eventReader';

describe('EventReader', () => {
  it('gives the data of each event, however it is cut', () => {
    const whole =
      ': hello\n\nid: 1\nevent: a\ndata: one\n\ndata:two\r\ndata: lines\r\n\r\ndata: three\r\rdata: unfinished\n';
    for (let size = 1; size <= whole.length; size++) {
      const reader = new EventReader();
      const events: string[] = [];
      for (let i = 0; i < whole.length; i += size) events.push(...reader.feed(whole.slice(i, i + size)));
      expect(events, `in pieces of ${size}`).toEqual(['one', 'two\nlines', 'three']);
    }
  });
});
