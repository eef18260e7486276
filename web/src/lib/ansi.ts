// SPDX-License-Identifier: MIT
/**
 * Escape sequences, as terminals know them, in what a program prints. Colours and the like become a style; what moves
 * the cursor about is left out, but for erasing the line. All of it is bounded: a program chooses its output, and may
 * have chosen it to make this slow.
 */

/** A colour: -1 is none, to 255 the palette's, and from RGB on one of its own. */
export const RGB = 0x1000000;

export const BOLD = 1;
export const DIM = 2;
export const ITALIC = 4;
export const UNDERLINE = 8;
export const REVERSE = 16;
export const STRIKE = 32;
/** Not of the program: a character that cannot be seen, and is made to be. */
export const CONTROL = 64;
/** U+FFFD, which stands for bytes that are no text. */
export const INVALID = 128;

export interface Pen {
  foreground: number;
  background: number;
  flags: number;
}

export const PLAIN: Readonly<Pen> = { foreground: -1, background: -1, flags: 0 };

const SET: Record<number, number> = { 1: BOLD, 2: DIM, 3: ITALIC, 4: UNDERLINE, 7: REVERSE, 9: STRIKE, 21: UNDERLINE };
const UNSET: Record<number, number> = { 22: BOLD | DIM, 23: ITALIC, 24: UNDERLINE, 27: REVERSE, 29: STRIKE };

/** 38 and 48 take what follows: 5;N or 2;R;G;B. Gives the colour, or null, and how many numbers it took. */
function extendedColour(codes: number[], at: number): [colour: number | null, taken: number] {
  const byte = (index: number) => Math.min(255, Math.max(0, codes[index] ?? 0));
  if (codes[at] === 5) return [byte(at + 1), 2];
  if (codes[at] === 2) return [RGB | (byte(at + 1) << 16) | (byte(at + 2) << 8) | byte(at + 3), 4];
  return [null, 1];
}

/** Select Graphic Rendition: the pen after the numbers of one sequence. */
export function applyCodes(pen: Readonly<Pen>, parameters: string): Pen {
  const codes = parameters.split(/[;:]/, 64).map((text) => Number(text) || 0);
  let { foreground, background, flags } = pen;

  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 0) {
      foreground = background = -1;
      flags = 0;
    } else if (SET[code] !== undefined) flags |= SET[code];
    else if (UNSET[code] !== undefined) flags &= ~UNSET[code];
    else if (code >= 30 && code <= 37) foreground = code - 30;
    else if (code >= 90 && code <= 97) foreground = code - 90 + 8;
    else if (code >= 40 && code <= 47) background = code - 40;
    else if (code >= 100 && code <= 107) background = code - 100 + 8;
    else if (code === 39) foreground = -1;
    else if (code === 49) background = -1;
    else if (code === 38 || code === 48) {
      const [colour, taken] = extendedColour(codes, i + 1);
      i += taken;
      if (colour !== null && code === 38) foreground = colour;
      if (colour !== null && code === 48) background = colour;
    }
  }
  return { foreground, background, flags };
}

/** The palette's colours 16 to 255 are the same everywhere: a cube of 6, and greys. */
export function paletteColour(index: number): string {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
}

/** A sequence at `at`, where the escape character is. */
export type Sequence =
  | { kind: 'codes'; parameters: string; length: number }
  | { kind: 'erase'; parameters: string; length: number }
  | { kind: 'other'; length: number }
  /** It goes on in what is not here yet. */
  | { kind: 'open' }
  /** It is none. */
  | { kind: 'none' };

const LONGEST = 4096;

/* one search for both: one that is missing would be looked for up to the end of the text, each time */
// eslint-disable-next-line no-control-regex
const STRING_END = /\x07|\x1b\\/g;
/** Found once for all that begin before it: many beginnings and one end must not be looked for again and again. */
let lastEnd = { text: '', from: 0, at: 0, end: 0 };

function stringEnd(text: string, from: number): number {
  if (lastEnd.text === text && lastEnd.from <= from && from <= lastEnd.at) return lastEnd.end;
  STRING_END.lastIndex = from;
  const found = STRING_END.exec(text);
  const at = found?.index ?? Number.POSITIVE_INFINITY;
  lastEnd = { text, from, at, end: at + (found?.[0].length ?? 1) };
  return lastEnd.end;
}
// eslint-disable-next-line no-control-regex
const CSI = /\x1b\[([0-?]{0,256})([ -/]{0,8})([@-~])/y;
// eslint-disable-next-line no-control-regex
const OPEN_CSI = /^\x1b(?:\[[0-?]{0,256}[ -/]{0,8})?$/;
// eslint-disable-next-line no-control-regex
const SHORT = /\x1b(?:[()*+][0-9A-Za-z]|[78=>cDEHMNOZ])/y;
// eslint-disable-next-line no-control-regex
const OPEN_SHORT = /^\x1b[()*+]$/;

export function readSequence(text: string, at: number): Sequence {
  CSI.lastIndex = at;
  const csi = CSI.exec(text);
  if (csi) {
    const length = csi[0].length;
    const parameters = csi[1] ?? '';
    if (csi[2] === '' && csi[3] === 'm' && !/[<=>?]/.test(parameters)) return { kind: 'codes', parameters, length };
    if (csi[2] === '' && csi[3] === 'K') return { kind: 'erase', parameters, length };
    return { kind: 'other', length };
  }
  const next = text[at + 1];
  if (next === ']' || next === 'P' || next === '_' || next === '^') {
    /* titles, links and other strings, up to BEL or ST */
    const end = stringEnd(text, at + 2);
    if (end - at <= LONGEST) return { kind: 'other', length: end - at };
    return text.length - at < LONGEST ? { kind: 'open' } : { kind: 'none' };
  }
  SHORT.lastIndex = at;
  const short = SHORT.exec(text);
  if (short) return { kind: 'other', length: short[0].length };
  const rest = text.length - at < LONGEST ? text.slice(at) : '';
  return rest !== '' && (OPEN_CSI.test(rest) || OPEN_SHORT.test(rest)) ? { kind: 'open' } : { kind: 'none' };
}

// eslint-disable-next-line no-control-regex
const ALL = /\x1b(?:\[[0-?]{0,256}[ -/]{0,8}[@-~]|[()*+][0-9A-Za-z]|[78=>cDEHMNOZ])/g;

/** The text alone. */
export const stripAnsi = (text: string): string => (text.includes('\x1b') ? text.replace(ALL, '') : text);
