// SPDX-License-Identifier: MIT
/** What the charts draw, out of the server's buckets. */
import type { Bucket, Statistics } from '../api/statistics';
import type { Status } from '../api/types';
import { LOOKS, type StatusLook } from './statuses';

export type Values = (number | null)[];

/** Seconds since the epoch: where each bucket begins. */
export const beginnings = (statistics: Statistics): number[] =>
  statistics.buckets.map((bucket) => Date.parse(bucket.at) / 1000);

/**
 * For how many seconds a bucket has been filling: all but the last one for as long as it is wide. Clocks of the
 * server's hosts may disagree a little, hence the bounds.
 */
export function filledSeconds(bucket: Bucket, statistics: Statistics): number {
  const seconds = (Date.parse(statistics.now) - Date.parse(bucket.at)) / 1000;
  return Math.min(Math.max(seconds, 0), statistics.bucket_seconds);
}

/**
 * Per minute, by bucket. One that has filled for less than half its time tells too little yet (two jobs in its first
 * second would be a peak of 120 a minute), and has no value.
 */
export function perMinute(statistics: Statistics, count: (bucket: Bucket) => number): Values {
  return statistics.buckets.map((bucket) => {
    const seconds = filledSeconds(bucket, statistics);
    return seconds * 2 < statistics.bucket_seconds ? null : (count(bucket) / seconds) * 60;
  });
}

/** Over the whole window; null: nothing was there to count. */
export function meanPerMinute(statistics: Statistics, count: (bucket: Bucket) => number): number | null {
  const [first] = statistics.buckets;
  if (!first || !statistics.buckets.some((bucket) => bucket.accepted > 0 || bucket.finished > 0)) return null;
  const seconds = (Date.parse(statistics.now) - Date.parse(first.at)) / 1000;
  const total = statistics.buckets.reduce((sum, bucket) => sum + count(bucket), 0);
  return seconds > 0 ? (total / Math.max(seconds, statistics.bucket_seconds)) * 60 : null;
}

/** What finished lately, a minute: over the last minute (or less), or over as many buckets as have that. */
export function latestPerMinute(statistics: Statistics, within = 60): number {
  let seconds = 0;
  let finished = 0;
  for (const bucket of [...statistics.buckets].reverse()) {
    if (seconds >= within) break;
    seconds += filledSeconds(bucket, statistics);
    finished += bucket.finished;
  }
  return (finished / Math.max(seconds, within)) * 60;
}

/**
 * Which values a chart has to draw as points: those that no line leads to, or, of a line that often breaks (`atGaps`),
 * also those at which it does.
 */
export function dotsOf(values: Values, atGaps: boolean): number[] {
  const isThere = (index: number) => (values[index] ?? null) !== null;
  return values.flatMap((_value, index) => {
    const sides = Number(isThere(index - 1)) + Number(isThere(index + 1));
    return isThere(index) && (sides === 0 || (atGaps && sides === 1)) ? [index] : [];
  });
}

/** The last value that there is. */
export const latest = (values: Values): number | null => values.findLast((value) => value !== null) ?? null;

export interface Layer {
  look: StatusLook;
  /** Of this status alone. */
  counts: number[];
}

/** A layer for each status that occurs, from the bottom to the top. */
export function layersOf(statistics: Statistics): Layer[] {
  const of = (status: Status) => statistics.buckets.map((bucket) => bucket.by_status[status] ?? 0);
  return LOOKS.map((look) => ({ look, counts: of(look.status) })).filter(({ counts }) => counts.some((n) => n > 0));
}

/** Each on top of those before it. */
export function stack(layers: number[][]): number[][] {
  let below: number[] = [];
  return layers.map((counts) => (below = counts.map((count, index) => count + (below[index] ?? 0))));
}

export const isEmpty = (statistics: Statistics): boolean =>
  statistics.totals.accepted === 0 && statistics.totals.finished === 0;
