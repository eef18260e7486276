// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '../lib/bytes';
import { OutputText } from './output';

const base64 = (...bytes: number[]) => encodeBase64(Uint8Array.from(bytes));
const textOf = (output: OutputText) =>
  output
    .take()
    .map((chunk) => chunk.text)
    .join('');

describe('OutputText', () => {
  it('puts a character together that was cut in two', () => {
    const output = new OutputText();
    output.add('stdout', base64(0x61, 0xe2, 0x82), 'base64');
    expect(textOf(output)).toBe('a');
    output.add('stderr', 'between', 'utf-8');
    output.add('stdout', base64(0xac, 0x62), 'base64');
    expect(output.take()).toEqual([
      { stream: 'stderr', text: 'between' },
      { stream: 'stdout', text: '€b' },
    ]);
  });
  it('shows half a character as one that is none, at the end or before text', () => {
    const output = new OutputText();
    output.add('stdout', base64(0xe2), 'base64');
    output.add('stdout', 'x', 'utf-8');
    output.add('stderr', base64(0xff, 0xe2), 'base64');
    output.end();
    expect(output.take()).toEqual([
      { stream: 'stdout', text: '\ufffdx' },
      { stream: 'stderr', text: '\ufffd\ufffd' },
    ]);
  });
  it('joins what belongs together, and keeps the order of what does not', () => {
    const output = new OutputText();
    for (const data of ['a', 'b']) output.add('stdout', data, 'utf-8');
    output.echo('typed\n');
    output.add('stdout', 'c', 'utf-8');
    expect(output.take()).toEqual([
      { stream: 'stdout', text: 'ab' },
      { stream: 'stdout', text: 'typed\n', isEcho: true },
      { stream: 'stdout', text: 'c' },
    ]);
  });
  it('keeps what it may, and counts the rest', () => {
    const output = new OutputText(5);
    output.add('stdout', 'abc', 'utf-8');
    output.add('stderr', 'defg', 'utf-8');
    output.add('stdout', 'h', 'utf-8');
    expect(textOf(output)).toBe('abcde');
    expect(output.dropped).toBe(3);
  });
});
