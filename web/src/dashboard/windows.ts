// SPDX-License-Identifier: MIT
/** How far back the dashboard looks; buckets that a chart has room for, and that begin at round times. */
export interface Span {
  name: '5m' | '15m' | '1h' | '24h';
  label: string;
  /** As in "in the last …". */
  words: string;
  seconds: number;
  buckets: number;
}

export const SPANS: readonly Span[] = [
  { name: '5m', label: '5 min', words: '5 minutes', seconds: 300, buckets: 60 },
  { name: '15m', label: '15 min', words: '15 minutes', seconds: 900, buckets: 60 },
  { name: '1h', label: '1 h', words: 'hour', seconds: 3_600, buckets: 60 },
  { name: '24h', label: '24 h', words: '24 hours', seconds: 86_400, buckets: 96 },
];

export const DEFAULT_SPAN = '15m';

export function spanOf(name: string | null): Span {
  const span = SPANS.find((item) => item.name === name) ?? SPANS.find((item) => item.name === DEFAULT_SPAN);
  if (!span) throw new Error('the spans lack their default');
  return span;
}
