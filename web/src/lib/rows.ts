// SPDX-License-Identifier: MIT
/** Which part of a paper stands in which row, for a width in columns: computed piece by piece, kept as it grows. */
import { Numbers, type Paper } from './paper';

const TAB = 8;

/** Columns of a character in a font of one width: 2 for East Asian wide ones and pictures, 0 for marks on others. */
export function widthOf(code: number): number {
  if (code < 0x300) return 1;
  if (code <= 0x36f || (code >= 0x200b && code <= 0x200f) || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  if (code < 0x1100) return 1;
  const isWide =
    code <= 0x115f ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    code >= 0x20000;
  return isWide ? 2 : 1;
}

const NARROW = /^[\x20-\x7e]*$/;

/** Where a row that holds `fits` characters of a text ends: behind a word, unless it is of one word alone. */
function wordEnd(text: string, fits: number): number {
  const end = text.lastIndexOf(' ', fits - 1) + 1;
  return text.slice(0, end).trim() === '' ? fits : end;
}

/** How many characters of a line's text fit into the columns; at least one. */
export function fitting(text: string, columns: number): number {
  let used = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    used += code === 9 ? TAB - (used % TAB) : widthOf(code);
    if (used > columns && at > 0) break;
    at += code > 0xffff ? 2 : 1;
  }
  return at;
}

export class Rows {
  /** Where each begins. */
  private starts = new Numbers();

  constructor(
    private readonly paper: Paper,
    readonly columns: number,
  ) {
    this.starts.push(0);
  }

  get count(): number {
    const last = this.starts.length - 1;
    /* an ended line leaves a row that has nothing yet */
    return this.starts.at(last) >= this.paper.length ? last : last + 1;
  }

  start(row: number): number {
    return this.starts.at(row);
  }

  /** Without the end of the line. */
  end(row: number): number {
    const next = row + 1 < this.starts.length ? this.starts.at(row + 1) : this.paper.length;
    return next > this.starts.at(row) && this.paper.slice(next - 1, next) === '\n' ? next - 1 : next;
  }

  /** Whether it goes on with the line of the row before. */
  isContinued(row: number): boolean {
    const start = this.start(row);
    return start > 0 && this.paper.slice(start - 1, start) !== '\n';
  }

  rowAt(place: number): number {
    return Math.max(0, this.starts.findLast(place));
  }

  /** Takes in what was written since; false if `most` rows were not enough, and there is more to do. */
  extend(most = Number.POSITIVE_INFINITY): boolean {
    const { paper, starts } = this;
    paper.settle();
    while (starts.length > 1 && starts.at(starts.length - 1) >= paper.lowest) starts.length--;
    paper.lowest = Number.POSITIVE_INFINITY;
    for (let made = 0; made < most; made++) {
      const start = starts.at(starts.length - 1);
      const next = this.nextStart(start);
      if (next === null) return true;
      starts.push(next);
    }
    return false;
  }

  /** null: the row is not full, and its line not ended. */
  private nextStart(start: number): number | null {
    const { paper, columns } = this;
    /* marks that take no room must not make a row endless */
    let text = paper.slice(start, Math.min(paper.length, start + columns + 1));
    let line = text.indexOf('\n');
    if (!NARROW.test(line < 0 ? text : text.slice(0, line))) {
      text = paper.slice(start, Math.min(paper.length, start + columns * 4));
      line = text.indexOf('\n');
    }
    const content = line < 0 ? text : text.slice(0, line);
    const fits = NARROW.test(content) ? Math.min(content.length, columns) : fitting(content, columns);
    if (fits < content.length || (line < 0 && content.length >= columns * 4)) {
      return start + wordEnd(content, fits);
    }
    return line < 0 ? null : start + line + 1;
  }
}
