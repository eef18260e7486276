// SPDX-License-Identifier: MIT
/**
 * Where two outputs differ, line by line, by the same measure as the server's: what does not count there is no
 * difference here. Bounded: what is too large or too different is told by the first lines that differ.
 */
import { diffArrays } from 'diff';
import type { CompareMode } from '../api/types';

export interface Side {
  /** From 1. */
  number: number;
  text: string;
}

export type DiffRow =
  | { kind: 'same'; expected: Side; printed: Side }
  | { kind: 'changed'; expected: Side | null; printed: Side | null }
  /** Lines that are alike, and left out. */
  | { kind: 'gap'; count: number };

export interface LineDiff {
  rows: DiffRow[];
  /** Not all is there. */
  isCut: boolean;
}

const MOST_LINES = 3000;
/** Of each side; of what is longer, the beginning is compared. */
const MOST_CHARACTERS = 1024 * 1024;
const MOST_ROWS = 300;
const MOST_MS = 150;
const CONTEXT = 3;

const tokensOf = (line: string): string[] => line.split(/\s+/).filter(Boolean);

/** As the server reads numbers: decimal, finite, and nothing else in the word. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function isClose(expected: string, printed: string, tolerance: number): boolean {
  if (expected === printed) return true;
  if (!NUMBER.test(expected) || !NUMBER.test(printed)) return false;
  const [wanted, found] = [Number(expected), Number(printed)];
  const off = Math.abs(wanted - found);
  return Number.isFinite(off) && (off <= tolerance || off <= tolerance * Math.abs(wanted));
}

/** A line, and once for all its comparisons what counts of it. */
export interface Line {
  text: string;
  /** Equal: the same line. */
  key: string;
  /** Of numbers, which are the same also where they are but close. */
  tokens: string[] | null;
}

export function readLine(text: string, mode: CompareMode): Line {
  if (mode === 'exact') return { text, key: text, tokens: null };
  if (mode !== 'tokens' && mode !== 'float') return { text, key: text.trimEnd(), tokens: null };
  const tokens = tokensOf(text);
  return { text, key: tokens.join(' '), tokens: mode === 'float' ? tokens : null };
}

export function isSameLine(expected: Line, printed: Line, tolerance: number): boolean {
  if (expected.key === printed.key) return true;
  const { tokens } = printed;
  if (!expected.tokens || !tokens || expected.tokens.length !== tokens.length) return false;
  return expected.tokens.every((token, index) => isClose(token, tokens[index] ?? '', tolerance));
}

interface Lines {
  lines: Line[];
  isCut: boolean;
}

/** A newline ends a line, so it makes none of its own at the end. */
function linesOf(text: string, mode: CompareMode): Lines {
  const counted = mode === 'exact' ? text : text.trimEnd();
  if (counted === '') return { lines: [], isCut: false };
  const isLong = counted.length > MOST_CHARACTERS;
  const begun = isLong ? counted.slice(0, MOST_CHARACTERS) : counted.endsWith('\n') ? counted.slice(0, -1) : counted;
  const lines = begun.split('\n', MOST_LINES + 1);
  const isCut = isLong || lines.length > MOST_LINES;
  /* half a line would differ from the whole one */
  if (isLong && lines.length > 1) lines.pop();
  return { lines: lines.slice(0, MOST_LINES).map((line) => readLine(line, mode)), isCut };
}

/** What stands between two lines that are alike, side by side. */
function pairs(expected: Side[], printed: Side[]): DiffRow[] {
  return Array.from({ length: Math.max(expected.length, printed.length) }, (_, index) => ({
    kind: 'changed' as const,
    expected: expected[index] ?? null,
    printed: printed[index] ?? null,
  }));
}

function rowsOf(wanted: Line[], found: Line[], tolerance: number): DiffRow[] | null {
  const changes = diffArrays(wanted, found, {
    comparator: (left, right) => isSameLine(left, right, tolerance),
    timeout: MOST_MS,
  });
  if (!changes) return null;

  const rows: DiffRow[] = [];
  let [atWanted, atFound] = [0, 0];
  let [missing, extra]: [Side[], Side[]] = [[], []];
  const flush = () => {
    rows.push(...pairs(missing, extra));
    [missing, extra] = [[], []];
  };
  for (const change of changes) {
    const length = change.value.length;
    if (change.removed) {
      for (let i = 0; i < length; i++) missing.push({ number: ++atWanted, text: wanted[atWanted - 1]?.text ?? '' });
    } else if (change.added) {
      for (let i = 0; i < length; i++) extra.push({ number: ++atFound, text: found[atFound - 1]?.text ?? '' });
    } else {
      flush();
      for (let i = 0; i < length; i++) {
        rows.push({
          kind: 'same',
          expected: { number: ++atWanted, text: wanted[atWanted - 1]?.text ?? '' },
          printed: { number: ++atFound, text: found[atFound - 1]?.text ?? '' },
        });
      }
    }
  }
  flush();
  return rows;
}

/** Line against line, where a real comparison would take too long. */
function rowsByNumber(wanted: Line[], found: Line[], tolerance: number): DiffRow[] {
  return Array.from({ length: Math.max(wanted.length, found.length) }, (_, index): DiffRow => {
    const [left, right] = [wanted[index], found[index]];
    const side = (line: Line | undefined) => (line ? { number: index + 1, text: line.text } : null);
    const [expected, printed] = [side(left), side(right)];
    return left && right && expected && printed && isSameLine(left, right, tolerance)
      ? { kind: 'same', expected, printed }
      : { kind: 'changed', expected, printed };
  });
}

/** Long stretches that are alike become a gap. */
function fold(rows: DiffRow[]): DiffRow[] {
  const isNear = rows.map(() => false);
  rows.forEach((row, index) => {
    if (row.kind !== 'changed') return;
    for (let i = Math.max(0, index - CONTEXT); i <= Math.min(rows.length - 1, index + CONTEXT); i++) isNear[i] = true;
  });
  const folded: DiffRow[] = [];
  let count = 0;
  const close = () => {
    if (count > 0) folded.push({ kind: 'gap', count });
    count = 0;
  };
  rows.forEach((row, index) => {
    if (!isNear[index]) {
      count++;
      return;
    }
    close();
    folded.push(row);
  });
  close();
  return folded;
}

export function diffLines(expected: string, printed: string, mode: CompareMode, tolerance: number): LineDiff {
  const [wanted, found] = [linesOf(expected, mode), linesOf(printed, mode)];
  const [left, right] = [wanted.lines, found.lines];
  const rows = fold(rowsOf(left, right, tolerance) ?? rowsByNumber(left, right, tolerance));
  return { rows: rows.slice(0, MOST_ROWS), isCut: wanted.isCut || found.isCut || rows.length > MOST_ROWS };
}

export interface Part {
  text: string;
  isDifferent: boolean;
}

const LONGEST = 400;
const BEFORE = 60;

/** Where a line differs from its other: all between what both begin and what both end with. Long ones are cut around it. */
export function partsOf(line: string, other: string | null): Part[] {
  if (other === null) return [{ text: cutEnd(line), isDifferent: true }].filter((part) => part.text !== '');
  let begin = 0;
  const least = Math.min(line.length, other.length);
  while (begin < least && line[begin] === other[begin]) begin++;
  let end = 0;
  while (end < least - begin && line[line.length - 1 - end] === other[other.length - 1 - end]) end++;

  const from = line.length > LONGEST ? Math.max(0, begin - BEFORE) : 0;
  const head = (from > 0 ? '…' : '') + line.slice(from, begin);
  const middle = line.slice(begin, line.length - end);
  const parts = [
    { text: head, isDifferent: false },
    { text: cutEnd(middle), isDifferent: true },
    { text: middle.length > LONGEST ? '' : cutEnd(line.slice(line.length - end)), isDifferent: false },
  ];
  return parts.filter((part) => part.text !== '');
}

const cutEnd = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
