// SPDX-License-Identifier: MIT
import { describe, expect, it, vi } from 'vitest';
import {
  applyCodes,
  BOLD,
  CONTROL,
  DIM,
  INVALID,
  paletteColour,
  PLAIN,
  REVERSE,
  RGB,
  stripAnsi,
  UNDERLINE,
} from './ansi';
import { Paper, Pencil } from './paper';
import { fitting, Rows } from './rows';

const ESC = '\x1b';

function written(...parts: string[]): Paper {
  const paper = new Paper();
  const pencil = new Pencil(paper, 0);
  for (const part of parts) pencil.write(part);
  pencil.end();
  return paper;
}

const text = (paper: Paper) => paper.slice(0, paper.length);
const spans = (paper: Paper) =>
  paper.spans(0, paper.length).map((span) => [span.text, span.style.foreground, span.style.flags]);

function rowsOf(paper: Paper, columns: number): string[] {
  const rows = new Rows(paper, columns);
  rows.extend();
  return Array.from({ length: rows.count }, (_, row) => paper.slice(rows.start(row), rows.end(row)));
}

describe('colours', () => {
  it('become spans', () => {
    expect(spans(written(`a${ESC}[31mb${ESC}[1;92mc${ESC}[0md`))).toEqual([
      ['a', -1, 0],
      ['b', 1, 0],
      ['c', 10, BOLD],
      ['d', -1, 0],
    ]);
  });

  it('are the same wherever the output is cut', () => {
    const output = `a${ESC}[38;5;208mb${ESC}[38;2;1;2;3mc${ESC}]0;title${ESC}\\d${ESC}(Be\r\nf${ESC}[Kg`;
    const whole = spans(written(output));
    for (let cut = 0; cut <= output.length; cut++) {
      expect(spans(written(output.slice(0, cut), output.slice(cut)))).toEqual(whole);
    }
    expect(spans(written(...output))).toEqual(whole);
  });

  it('know the whole of what is in use', () => {
    expect(applyCodes(PLAIN, '38;5;208').foreground).toBe(208);
    expect(applyCodes(PLAIN, '48;2;1;2;3').background).toBe(RGB | 0x010203);
    expect(applyCodes(PLAIN, '2;4;7').flags).toBe(DIM | UNDERLINE | REVERSE);
    expect(applyCodes({ ...PLAIN, flags: BOLD | DIM | UNDERLINE }, '22').flags).toBe(UNDERLINE);
    expect(applyCodes({ foreground: 3, background: 4, flags: 1 }, '39;49')).toEqual({ ...PLAIN, flags: 1 });
    expect(applyCodes({ foreground: 3, background: 4, flags: 1 }, '')).toEqual(PLAIN);
    expect(applyCodes(PLAIN, '38;5').foreground).toBe(0);
    expect(applyCodes(PLAIN, '38;9;1').flags).toBe(BOLD);
    expect(paletteColour(16)).toBe('rgb(0 0 0)');
    expect(paletteColour(231)).toBe('rgb(255 255 255)');
    expect(paletteColour(208)).toBe('rgb(255 135 0)');
    expect(paletteColour(255)).toBe('rgb(238 238 238)');
  });

  it('can be left out', () => expect(stripAnsi(`a${ESC}[1;31mb${ESC}[mc`)).toBe('abc'));
});

describe('what cannot be seen', () => {
  it('is shown', () => {
    expect(spans(written('a\0b\x07\x7f'))).toEqual([
      ['a', -1, 0],
      ['^@', -1, CONTROL],
      ['b', -1, 0],
      ['^G^?', -1, CONTROL],
    ]);
    expect(text(written('\x9b1m\u202eevil'))).toBe('<9b>1m<U+202E>evil');
  });

  it('is told apart where it is no text', () => expect(spans(written('a\ufffd'))[1]).toEqual(['\ufffd', -1, INVALID]));

  it('keeps tabs as they are', () => expect(text(written('a\tb'))).toBe('a\tb'));

  it('shows an escape character that begins no sequence, also at the end', () => {
    expect(text(written(`a${ESC}!b`))).toBe('a^[!b');
    expect(text(written(`a${ESC}[3`))).toBe('a^[[3');
    expect(text(written(`${ESC}]0;${'x'.repeat(5000)}`))).toBe(`^[]0;${'x'.repeat(5000)}`);
  });
});

describe('carriage returns', () => {
  it('write over the line', () => {
    expect(text(written('10%\r20%\r100%\n'))).toBe('100%\n');
    expect(text(written('hello\rJ\n'))).toBe('Jello\n');
    expect(text(written('one\ntwo\rx'))).toBe('one\nxwo');
  });

  it('are nothing before the end of a line', () => {
    expect(text(written('a\r\nb\r\n'))).toBe('a\nb\n');
    expect(text(written('a\r', '\nb'))).toBe('a\nb');
  });

  it('keep the colours of what stays', () => {
    expect(spans(written(`${ESC}[31mabc${ESC}[0m\rX`))).toEqual([
      ['X', -1, 0],
      ['bc', 1, 0],
    ]);
  });

  it('erase what is to be erased', () => {
    expect(text(written(`loading...\r${ESC}[Kdone\n`))).toBe('done\n');
    expect(text(written(`loading...${ESC}[2K\rdone\n`))).toBe('done\n');
  });

  it('begin a long line anew', () => expect(text(written(`${'x'.repeat(600)}\ry`))).toBe('y'));

  it('take nothing from a long line that ends there', () => {
    const long = 'x'.repeat(600);
    expect(text(written(`${long}\r\ny`))).toBe(`${long}\ny`);
    expect(text(written(`${long}\r`, '\r', '\ny'))).toBe(`${long}\ny`);
    expect(text(written(`a\n${long}\r${ESC}[Kb`))).toBe('a\nb');
  });

  it('write over and beyond what there is', () => {
    expect(text(written(`a\n${'x'.repeat(300)}\r${'y'.repeat(700)}z`))).toBe(`a\n${'y'.repeat(700)}z`);
    expect(text(written(`${'x'.repeat(512)}\ry`))).toBe(`y${'x'.repeat(511)}`);
  });

  it('are the same however often it is drawn meanwhile', () => {
    const output = `one\n${ESC}[31mabcdef${ESC}[0m\rXY\r${ESC}[32mZ${ESC}[K!\rlonger than it was\rs\nend\r\n${'x'.repeat(520)}\rback\r${ESC}[2Kb`;
    const whole = spans(written(output));
    const paper = new Paper();
    const pencil = new Pencil(paper, 0);
    const rows = new Rows(paper, 10);
    for (const character of output) {
      pencil.write(character);
      rows.extend();
    }
    pencil.end();
    rows.extend();
    expect(spans(paper)).toEqual(whole);
    expect(Array.from({ length: rows.count }, (_, row) => paper.slice(rows.start(row), rows.end(row)))).toEqual(
      rowsOf(written(output), 10),
    );
  });

  it('cost what is written, not what the line has', () => {
    const pieces = vi.spyOn(Paper.prototype, 'slice');
    const paper = new Paper();
    const pencil = new Pencil(paper, 0);
    let pens = '';
    for (let code = 0; code < 500; code++) pens += `${ESC}[38;5;${code % 256}mx`;
    pencil.write(`${'some text\n'.repeat(3_000)}${pens}`);
    const begun = performance.now();
    for (let i = 0; i < 200; i++) pencil.write(`\r${ESC}[31my`.repeat(3_000));
    pencil.end();
    expect(performance.now() - begun).toBeLessThan(6_000);
    expect(pieces.mock.calls.length).toBeLessThan(1_000);
    pieces.mockRestore();
    expect(paper.slice(paper.length - 500, paper.length)).toBe(`y${'x'.repeat(499)}`);
  });
});

describe('rows', () => {
  it('are lines, or as much of them as fits', () => {
    expect(rowsOf(written('abcdef\n\nab\nabc\nx'), 3)).toEqual(['abc', 'def', '', 'ab', 'abc', 'x']);
    expect(rowsOf(written(''), 3)).toEqual([]);
    expect(rowsOf(written('a\n'), 3)).toEqual(['a']);
    expect(rowsOf(written('\n\n'), 3)).toEqual(['', '']);
  });

  it('end behind words, and within one only if it is longer than a row', () => {
    expect(rowsOf(written('makes a pointer from an integer'), 12)).toEqual([
      'makes a ',
      'pointer ',
      'from an ',
      'integer',
    ]);
    expect(rowsOf(written('a incompatible-pointer'), 8)).toEqual(['a ', 'incompat', 'ible-poi', 'nter']);
    expect(rowsOf(written('        ^~~~~~'), 10)).toEqual(['        ^~', '~~~~']);
    expect(rowsOf(written('漢 漢字 漢字'), 6)).toEqual(['漢 ', '漢字 ', '漢字']);
    expect(rowsOf(written('ab ', 'cd ', 'ef'), 5)).toEqual(rowsOf(written('ab cd ef'), 5));
  });

  it('count wide characters twice, marks not at all, and cut no pair in two', () => {
    expect(rowsOf(written('漢字漢字'), 5)).toEqual(['漢字', '漢字']);
    expect(rowsOf(written('😀😀😀'), 4)).toEqual(['😀😀', '😀']);
    expect(fitting('e\u0301e\u0301e', 2)).toBe(4);
    expect(rowsOf(written('\tab'), 9)).toEqual(['\ta', 'b']);
    expect(rowsOf(written(`a${'\u0301'.repeat(100)}`), 5).length).toBeGreaterThan(1);
  });

  it('grow with the paper, and go back with it', () => {
    const paper = new Paper();
    const pencil = new Pencil(paper, 0);
    const rows = new Rows(paper, 4);
    const all = () => {
      rows.extend();
      return Array.from({ length: rows.count }, (_, row) => paper.slice(rows.start(row), rows.end(row)));
    };
    pencil.write('ab');
    expect(all()).toEqual(['ab']);
    pencil.write('cdef');
    expect(all()).toEqual(['abcd', 'ef']);
    pencil.write('\r\x1b[Kx');
    expect(all()).toEqual(['x']);
    pencil.write('yz!\n!');
    expect(all()).toEqual(['xyz!', '!']);
    expect([rows.isContinued(0), rows.isContinued(1)]).toEqual([false, false]);
  });

  it('can be made a few at a time', () => {
    const paper = written('a\nb\nc\nd\n');
    const rows = new Rows(paper, 10);
    expect(rows.extend(2)).toBe(false);
    expect(rows.count).toBe(3);
    expect(rows.extend(10)).toBe(true);
    expect(rows.count).toBe(4);
  });
});

describe('two megabytes', () => {
  const MOST = 2 * 1024 * 1024;
  const cases: [string, string][] = [
    ['in one line', 'x'.repeat(MOST)],
    ['of lines', 'some output of a program\n'.repeat(MOST / 25)],
    ['of empty lines', '\n'.repeat(MOST)],
    ['of colours', `${ESC}[31ma${ESC}[32mb`.repeat(MOST / 12)],
    ['of zeros', '\0'.repeat(MOST)],
    ['of carriage returns', `${'ab'.repeat(50)}\r`.repeat(MOST / 101)],
    ['of progress below 30 kB', `${'some text\n'.repeat(3_000)}${`\r${ESC}[K50 %`.repeat(MOST / 8)}`],
    ['of lines that are written over once', `a\rb\n`.repeat(MOST / 4)],
    ['of titles', `${ESC}]${ESC}\\`.repeat(MOST / 4)],
    ['of beginnings', `${ESC}[`.repeat(MOST / 2)],
    ['of titles without an end', `${ESC}]`.repeat(MOST / 64)],
  ];

  it.each(cases)('%s are taken in', { timeout: 60_000 }, (_, output) => {
    const paper = new Paper();
    const pencil = new Pencil(paper, 0);
    const rows = new Rows(paper, 100);
    let longest = 0;
    for (let at = 0; at < output.length; at += 65_536) {
      const begun = performance.now();
      pencil.write(output.slice(at, at + 65_536));
      rows.extend();
      longest = Math.max(longest, performance.now() - begun);
    }
    pencil.end();
    rows.extend();
    /* a part of it must not keep the page from drawing; far above what it takes, for machines that are busy */
    expect(longest).toBeLessThan(2000);
  });
});
