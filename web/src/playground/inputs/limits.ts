// SPDX-License-Identifier: MIT
/** Limits as a person writes them, in the unit of the field or with one of their own: "2", "500 ms", "1.5 GB". */

import { useLanguages } from '../../api/languages';
import type { Draft } from '../../draft/workspace';

export type LimitKind = 'time' | 'memory' | 'output' | 'count';

const UNITS: Record<LimitKind, Record<string, number>> = {
  time: { ms: 1, s: 1000, sec: 1000, min: 60_000, m: 60_000 },
  memory: { k: 1, kb: 1, kib: 1, m: 1024, mb: 1024, mib: 1024, g: 1 << 20, gb: 1 << 20, gib: 1 << 20 },
  output: { k: 1, kb: 1, kib: 1, m: 1024, mb: 1024, mib: 1024, g: 1 << 20, gb: 1 << 20, gib: 1 << 20 },
  count: {},
};

/** Without a unit, it is this. */
export const USUAL_UNIT: Record<LimitKind, string> = { time: 's', memory: 'MB', output: 'KB', count: '' };

/** In milliseconds, KiB (which the page, like most judges, writes KB) or pieces; null: nothing is written; undefined: that is no limit. */
export function parseLimit(kind: LimitKind, text: string): number | null | undefined {
  const written = text.trim().toLowerCase();
  if (!written) return null;
  const match = /^(\d+(?:[.,]\d+)?|[.,]\d+)\s*([a-z]*)$/.exec(written);
  if (!match) return undefined;
  const number = Number((match[1] ?? '').replace(',', '.'));
  const unit = match[2] || USUAL_UNIT[kind].toLowerCase();
  const factor = unit === '' ? 1 : UNITS[kind][unit];
  if (factor === undefined) return undefined;
  const value = Math.round(number * factor);
  return value > 0 && Number.isSafeInteger(value) ? value : undefined;
}

const plain = (number: number) => String(Math.round(number * 1000) / 1000);

/** The shortest exact way to write it. */
export function formatLimit(kind: LimitKind, value: number): string {
  if (kind === 'time') return value % 100 === 0 ? `${plain(value / 1000)} s` : `${value} ms`;
  if (kind === 'count') return String(value);
  if (value >= 1 << 20 && value % (1 << 18) === 0) return `${plain(value / (1 << 20))} GB`;
  if (value >= 1024 && value % 256 === 0) return `${plain(value / 1024)} MB`;
  return `${value} KB`;
}

/** How many are not the language's own. */
export const countLimits = ({ limits, badLimits }: Pick<Draft, 'limits' | 'badLimits'>): number =>
  Object.values(limits).filter((value) => value !== null).length + Object.keys(badLimits).length;

/** Whoever types needs more than programs do, as far as the server allows it. */
export const timeToType = (): number => Math.min(60_000, useLanguages.getState().timeMaxMs);

/** What the switch changes: a time limit that nobody chose grows with it, and is the usual one again without it. */
export function withTyping({ limits, badLimits }: Draft, isInteractive: boolean): Partial<Draft> {
  const [from, to] = isInteractive ? [null, timeToType()] : [timeToType(), null];
  if (limits.timeMs !== from || badLimits.timeMs !== undefined) return { isInteractive };
  return { isInteractive, limits: { ...limits, timeMs: to } };
}
