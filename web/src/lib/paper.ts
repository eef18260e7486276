// SPDX-License-Identifier: MIT
/**
 * Theory of operation. What a program printed, ready to be drawn: text in blocks of one size, so that a place is found
 * by a shift, and beside it where the pen changes. The line that is not ended is in cells of its own, where a carriage
 * return, and what is written over it, cost nothing but the characters that are written; it comes to the blocks when
 * it ends, grows long, or is to be drawn (settle). Text of blocks is only ever added at the end, but for that line. So
 * whoever lays out the rows has to look again at that line alone, and `lowest` says from where. Ten megabytes in any
 * shape (one line, ten million lines, a colour for each character) take memory of that order, and time in proportion.
 */
import { applyCodes, CONTROL, INVALID, PLAIN, readSequence, type Pen } from './ansi';

const BLOCK_BITS = 15;
const BLOCK = 1 << BLOCK_BITS;
/** A line that is longer is not written over, but begun anew. */
const OVERWRITABLE = 512;
const MOST_STYLES = 60_000;

export class Numbers {
  private values = new Uint32Array(256);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  at(index: number): number {
    return this.values[index] ?? 0;
  }

  set(index: number, value: number): void {
    this.values[index] = value;
  }

  /** The last that is not above `value`; -1 if there is none. They ascend. */
  findLast(value: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle) <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

export interface Style extends Pen {
  source: number;
}

export interface Span {
  text: string;
  style: Style;
}

interface Piece {
  text: string;
  style: number;
}

export class Paper {
  private blocks: string[] = [];
  private runStarts = new Numbers();
  private runStyles = new Numbers();
  private styles: Style[] = [];
  private styleIds = new Map<string, number>();
  private lineStart = 0;
  /** The line that is not ended, by characters and their styles. */
  private readonly cells = new Uint16Array(OVERWRITABLE);
  private readonly cellStyles = new Uint32Array(OVERWRITABLE);
  private width = 0;
  /** So many cells are in the blocks as they are. */
  private settled = 0;
  /** The cell where the next character goes; below the width after a carriage return. */
  private cursor = 0;
  /** The line has more than there are cells: all of it is in the blocks. */
  private isLong = false;
  /** A carriage return came in a long line: what is written next begins it anew, unless it ends it. */
  private isReturned = false;
  /** Of what is in the blocks. */
  length = 0;
  /** The least place that was changed since somebody set this to infinity. */
  lowest = Number.POSITIVE_INFINITY;

  styleOf(style: Style): number {
    const key = `${style.source},${style.foreground},${style.background},${style.flags}`;
    const known = this.styleIds.get(key);
    if (known !== undefined) return known;
    /* so many different colours are nobody's wish */
    if (this.styles.length >= MOST_STYLES) return this.styleOf({ ...PLAIN, source: style.source });
    this.styles.push(style);
    this.styleIds.set(key, this.styles.length - 1);
    return this.styles.length - 1;
  }

  slice(from: number, to: number): string {
    const first = from >> BLOCK_BITS;
    let text = '';
    if (first === (to - 1) >> BLOCK_BITS) {
      return (this.blocks[first] ?? '').slice(from & (BLOCK - 1), to - (first << BLOCK_BITS));
    }
    for (let block = first; block << BLOCK_BITS < to; block++) {
      const base = block << BLOCK_BITS;
      text += (this.blocks[block] ?? '').slice(Math.max(0, from - base), Math.min(BLOCK, to - base));
    }
    return text;
  }

  /** In pieces that are drawn alike. */
  spans(from: number, to: number): Span[] {
    return this.pieces(from, to).map((piece) => ({
      text: piece.text,
      style: this.styles[piece.style] ?? { ...PLAIN, source: 0 },
    }));
  }

  private pieces(from: number, to: number): Piece[] {
    const pieces: Piece[] = [];
    let run = Math.max(0, this.runStarts.findLast(from));
    for (let at = from; at < to; run++) {
      const end = run + 1 < this.runStarts.length ? Math.min(to, this.runStarts.at(run + 1)) : to;
      if (end > at) pieces.push({ text: this.slice(at, end), style: this.runStyles.at(run) });
      at = Math.max(at, end);
    }
    return pieces;
  }

  private push(text: string, style: number): void {
    const last = this.runStarts.length - 1;
    if (text === '') return;
    if (last < 0 || this.runStyles.at(last) !== style) {
      if (last >= 0 && this.runStarts.at(last) === this.length) {
        this.runStyles.set(last, style);
      } else {
        this.runStarts.push(this.length);
        this.runStyles.push(style);
      }
    }
    for (let at = 0; at < text.length;) {
      const block = this.length >> BLOCK_BITS;
      const room = BLOCK - (this.length & (BLOCK - 1));
      const part = at === 0 && text.length <= room ? text : text.slice(at, at + room);
      this.blocks[block] = (this.blocks[block] ?? '') + part;
      this.length += part.length;
      at += part.length;
    }
  }

  private truncate(to: number): void {
    const block = to >> BLOCK_BITS;
    this.blocks.length = Math.min(this.blocks.length, block + 1);
    const last = this.blocks[block];
    if (last !== undefined) this.blocks[block] = last.slice(0, to & (BLOCK - 1));
    while (this.runStarts.length > 0 && this.runStarts.at(this.runStarts.length - 1) >= to) {
      this.runStarts.length--;
      this.runStyles.length--;
    }
    this.length = to;
    this.lowest = Math.min(this.lowest, to);
  }

  /** What ends lines, too. */
  write(text: string, style: number): void {
    if (this.isReturned) {
      if (!text.startsWith('\n')) this.clear(0);
      this.isReturned = false;
    }
    if (this.cursor === this.width) {
      this.append(text, style);
      return;
    }
    const end = text.indexOf('\n');
    this.put(end < 0 ? text : text.slice(0, end), style);
    if (end >= 0) this.append(text.slice(end), style);
  }

  /** At the end of the line. */
  private append(text: string, style: number): void {
    const end = text.lastIndexOf('\n') + 1;
    if (end > 0) {
      this.settle();
      this.push(end === text.length ? text : text.slice(0, end), style);
      this.lineStart = this.length;
      this.width = this.settled = 0;
      this.isLong = false;
    }
    this.cursor = this.width;
    if (end < text.length) this.put(end === 0 ? text : text.slice(end), style);
  }

  /** From the cursor on, what has no end of a line. */
  private put(text: string, style: number): void {
    const from = this.cursor;
    const to = from + text.length;
    if (this.isLong || to > OVERWRITABLE) {
      this.width = from;
      this.settle();
      this.push(text, style);
      this.isLong = true;
      this.width = this.settled = this.cursor = 0;
      return;
    }
    for (let i = 0; i < text.length; i++) this.cells[from + i] = text.charCodeAt(i);
    this.cellStyles.fill(style, from, to);
    this.settled = Math.min(this.settled, from);
    this.width = Math.max(this.width, to);
    this.cursor = to;
  }

  /** Brings the line that is not ended to the blocks, as far as it is not there; before it is drawn. */
  settle(): void {
    if (this.isLong) return;
    const there = this.lineStart + Math.min(this.settled, this.width);
    if (this.length > there) this.truncate(there);
    for (let from = this.settled; from < this.width;) {
      const style = this.cellStyles[from] ?? 0;
      let to = from + 1;
      while (to < this.width && this.cellStyles[to] === style) to++;
      this.push(String.fromCharCode(...this.cells.subarray(from, to)), style);
      from = to;
    }
    this.settled = this.width;
  }

  /** What the line has from a cell on. */
  private clear(from: number): void {
    if (this.isLong) {
      this.truncate(this.lineStart);
      this.isLong = this.isReturned = false;
    }
    this.width = Math.min(this.width, from);
    this.settled = Math.min(this.settled, from);
    this.cursor = this.width;
  }

  carriageReturn(): void {
    this.cursor = 0;
    this.isReturned = this.isLong;
  }

  /** As CSI K: from the cursor to the end, or (1) from the beginning, or (2) all of the line. */
  erase(parameters: string): void {
    if (parameters === '2') this.clear(0);
    else if ((parameters === '' || parameters === '0') && (!this.isLong || this.isReturned)) this.clear(this.cursor);
  }
}

// eslint-disable-next-line no-control-regex
const SPECIAL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd]/g;
/** Those that are shown as they come, as many as there are. */
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+/y;

/** How a character is shown that has no picture, or turns the direction of what follows: as terminals do, ^G. */
export function visible(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return `^${String.fromCharCode(0x40 + code)}`;
  if (code === 0x7f) return '^?';
  return `<${code < 0x100 ? code.toString(16).padStart(2, '0') : `U+${code.toString(16).toUpperCase()}`}>`;
}

const MOST_PENS = 4096;

/** A pen, and the styles of its own that were asked for. */
interface Known {
  pen: Pen;
  styles: Map<number, number>;
  /** By the numbers of a sequence: the pen that it leads to. */
  next: Map<string, Known>;
}

const known = (pen: Pen): Known => ({ pen, styles: new Map(), next: new Map() });

/** Writes one stream of a program to paper. Sequences may be cut anywhere between two calls. */
export class Pencil {
  private current: Known = known(PLAIN);
  private pens = new Map<string, Known>();
  private kept = '';
  /** Whether there were bytes that are no text. */
  hasInvalid = false;

  constructor(
    private readonly paper: Paper,
    private readonly source: number,
  ) {}

  private styleWith(flags: number): number {
    const { pen, styles } = this.current;
    let style = styles.get(flags);
    if (style === undefined) {
      style = this.paper.styleOf({ ...pen, flags: pen.flags | flags, source: this.source });
      styles.set(flags, style);
    }
    return style;
  }

  write(more: string): void {
    const text = this.kept + more;
    let at = 0;
    this.kept = '';
    SPECIAL.lastIndex = 0;
    for (let found = SPECIAL.exec(text); found; found = SPECIAL.exec(text)) {
      if (found.index > at) this.paper.write(text.slice(at, found.index), this.styleWith(0));
      const taken = this.special(text, found.index);
      if (taken === 0) {
        this.kept = text.slice(found.index);
        return;
      }
      at = SPECIAL.lastIndex = found.index + taken;
    }
    if (at < text.length) this.paper.write(at === 0 ? text : text.slice(at), this.styleWith(0));
  }

  /** Nothing more comes: what looked like the beginning of a sequence was none. */
  end(): void {
    this.paper.settle();
    if (this.kept === '') return;
    const rest = this.kept.slice(1);
    this.kept = '';
    this.paper.write(visible('\x1b'), this.styleWith(CONTROL));
    this.write(rest);
    this.end();
  }

  /** How many characters it took; 0 if it goes on in what is not here yet. */
  private special(text: string, at: number): number {
    const character = text.charAt(at);
    if (character === '\r') {
      this.paper.carriageReturn();
      return 1;
    }
    if (character === '\x1b') return this.sequence(text, at);
    if (character === '\ufffd') {
      this.hasInvalid = true;
      this.paper.write(character, this.styleWith(INVALID));
      return 1;
    }
    UNSEEN.lastIndex = at;
    const unseen = UNSEEN.exec(text)?.[0] ?? character;
    this.paper.write(Array.from(unseen, visible).join(''), this.styleWith(CONTROL));
    return unseen.length;
  }

  private sequence(text: string, at: number): number {
    const sequence = readSequence(text, at);
    switch (sequence.kind) {
      case 'open':
        return 0;
      case 'none':
        this.paper.write(visible('\x1b'), this.styleWith(CONTROL));
        return 1;
      case 'codes':
        this.change(sequence.parameters);
        return sequence.length;
      case 'erase':
        this.paper.erase(sequence.parameters);
        return sequence.length;
      default:
        return sequence.length;
    }
  }

  private change(parameters: string): void {
    let next = this.current.next.get(parameters);
    if (!next) {
      const pen = applyCodes(this.current.pen, parameters);
      const key = `${pen.foreground},${pen.background},${pen.flags}`;
      next = this.pens.get(key) ?? known(pen);
      if (this.pens.size < MOST_PENS) this.pens.set(key, next);
      if (this.current.next.size < MOST_PENS) this.current.next.set(parameters, next);
    }
    this.current = next;
  }
}
