// SPDX-License-Identifier: MIT
/** How a style of paper is drawn: classes for what the theme decides, colours of its own where the program chose them. */
import type { CSSProperties } from 'react';
import { BOLD, CONTROL, DIM, INVALID, ITALIC, paletteColour, REVERSE, RGB, STRIKE, UNDERLINE } from '../lib/ansi';
import type { Style } from '../lib/paper';
import { SOURCES } from './printing';

export interface Ink {
  className: string;
  style: CSSProperties | undefined;
}

const FLAGS: [number, string][] = [
  [BOLD, 'font-bold'],
  [DIM, 'ink-dim'],
  [ITALIC, 'italic'],
  [CONTROL, 'ink-control'],
  [INVALID, 'ink-invalid'],
];

function colour(number: number): string {
  if (number < 16) return `var(--ansi-${number})`;
  if (number < RGB) return paletteColour(number);
  return `rgb(${(number >> 16) & 255} ${(number >> 8) & 255} ${number & 255})`;
}

/** Black or white, whichever can be read on a colour that the program chose itself. */
function readableOn(number: number): string {
  const parts = /(\d+) (\d+) (\d+)/.exec(colour(number));
  const [red, green, blue] = [Number(parts?.[1] ?? 0), Number(parts?.[2] ?? 0), Number(parts?.[3] ?? 0)];
  return red * 0.299 + green * 0.587 + blue * 0.114 > 140 ? '#000' : '#fff';
}

/** What is meant to stand out from a ground, and not to have a colour. */
const isNeutral = (number: number): boolean => number === -1 || number === 0 || number === 7 || number === 15;

function coloursOf(style: Style): CSSProperties | undefined {
  const isReversed = (style.flags & REVERSE) !== 0;
  const front = isReversed ? style.background : style.foreground;
  const ground = isReversed ? style.foreground : style.background;
  const css: CSSProperties = {};

  if (ground >= 0) css.backgroundColor = ground === 0 ? 'var(--ansi-ground-0)' : colour(ground);
  else if (isReversed) css.backgroundColor = 'var(--ink)';

  if (css.backgroundColor && (isNeutral(front) || front === ground)) {
    if (ground < 0) css.color = 'var(--canvas)';
    else if (ground === 0) css.color = 'var(--ansi-on-0)';
    else css.color = ground < 16 ? 'var(--ansi-on)' : readableOn(ground);
  } else if (front >= 16 && !css.backgroundColor) {
    /* chosen for some other ground: a part of our ink makes it readable on this one */
    css.color = `color-mix(in oklab, ${colour(front)} 60%, var(--ink))`;
  } else if (front >= 0) {
    css.color = colour(front);
  }

  const lines = [style.flags & UNDERLINE ? 'underline' : '', style.flags & STRIKE ? 'line-through' : ''];
  const decoration = lines.filter(Boolean).join(' ');
  if (decoration) css.textDecorationLine = decoration;
  return Object.keys(css).length > 0 ? css : undefined;
}

const known = new WeakMap<Style, Ink>();

export function inkOf(style: Style): Ink {
  let ink = known.get(style);
  if (!ink) {
    const names = FLAGS.filter(([flag]) => style.flags & flag).map(([, name]) => name);
    if (style.source !== 0) names.push(`ink-${SOURCES[style.source] ?? 'stdout'}`);
    ink = { className: names.join(' '), style: coloursOf(style) };
    known.set(style, ink);
  }
  return ink;
}
