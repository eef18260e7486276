// SPDX-License-Identifier: MIT
/** Figures that may be missing, in as few signs as a dense page has room for. */
import { duration as milliseconds } from '../lib/format';

const NONE = '–';

/** 0, 7.3, 124, 12,400 */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : 1;
  return value.toLocaleString('en', { minimumFractionDigits: 0, maximumFractionDigits: digits });
}

/** A share that is not 0 never reads as 0, one that is not all never as 100 %. */
export function percent(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  const hundredths = value * 100;
  if (hundredths > 0 && hundredths < 0.1) return '< 0.1 %';
  if (hundredths < 100 && hundredths > 99.9) return '> 99.9 %';
  const isFine = (hundredths > 0 && hundredths < 10) || (hundredths > 99 && hundredths < 100);
  return `${isFine ? hundredths.toFixed(1) : Math.round(hundredths)} %`;
}

export const duration = (ms: number | null | undefined): string =>
  ms === null || ms === undefined || !Number.isFinite(ms) ? NONE : milliseconds(ms);

/** For "… ago": whole units, the largest only. */
export function age(ms: number): string {
  if (!Number.isFinite(ms)) return NONE;
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** Of a moment that cannot be read, a dash. */
export const ago = (ms: number): string => (Number.isFinite(ms) ? `${age(ms)} ago` : NONE);

/** Of an estimate: "20 s", "3 min"; nobody knows it to the second. */
export function about(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 20) return `${seconds} s`;
  if (seconds < 58) return `${Math.round(seconds / 5) * 5} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}

const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const clockWithSeconds = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** In the reader's own time zone. */
export const timeOfDay = (ms: number, withSeconds: boolean): string =>
  Number.isFinite(ms) ? (withSeconds ? clockWithSeconds : clock).format(ms) : NONE;

/** Pixels that the longest text at an axis needs, and a gap; few digits take as much as others, so that charts align. */
export const axisWidth = (texts: readonly string[]): number =>
  Math.max(52, ...texts.map((text) => Math.ceil(text.length * 6.5) + 10));
