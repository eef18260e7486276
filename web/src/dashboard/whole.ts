// SPDX-License-Identifier: MIT
/**
 * Answers as the page needs them. A server of another version may leave out what this one's types promise: then a
 * figure is NaN, which is drawn as a dash, and a list is empty, so that all else of the answer is shown.
 */
import type { Statistics } from '../api/statistics';
import type { DeadLetters, JobLine, Load, Ready } from '../api/types';

type Rough<T> = { [K in keyof T]?: T[K] | null | undefined } | null | undefined;

const figure = (value: number | null | undefined): number => (typeof value === 'number' ? value : Number.NaN);

const isMoment = (text: unknown): text is string => typeof text === 'string' && !Number.isNaN(Date.parse(text));

/** Without what is no object. */
export const listOf = <T extends object>(value: readonly T[] | null | undefined): T[] =>
  Array.isArray(value) ? value.filter((one): one is T => typeof one === 'object' && one !== null) : [];

export function wholeLoad(load: Rough<Load>): Load {
  return {
    ...load,
    active: figure(load?.active),
    waiting: figure(load?.waiting),
    languages: load?.languages ?? {},
    workers: listOf(load?.workers).map((worker: NonNullable<Rough<Load['workers'][number]>>) => ({
      ...worker,
      name: String(worker.name ?? '?'),
      active: figure(worker.active),
      slots: figure(worker.slots),
      last_seen_at: worker.last_seen_at ?? '',
      counts: worker.counts ?? {},
      version: worker.version ?? null,
      started_at: worker.started_at ?? null,
      host: worker.host ?? null,
    })),
  };
}

export function wholeStatistics(statistics: Rough<Statistics>): Statistics {
  const step = figure(statistics?.bucket_seconds);
  return {
    ...statistics,
    now: isMoment(statistics?.now) ? statistics.now : new Date().toISOString(),
    seconds: figure(statistics?.seconds),
    bucket_seconds: step > 0 ? step : 1,
    buckets: listOf(statistics?.buckets)
      .filter(({ at }) => isMoment(at))
      .map((bucket: Rough<Statistics['buckets'][number]> & { at: string }) => ({
        at: bucket.at,
        accepted: bucket.accepted ?? 0,
        finished: bucket.finished ?? 0,
        by_status: bucket.by_status ?? {},
        run_ms: bucket.run_ms ?? null,
      })),
    totals: {
      accepted: figure(statistics?.totals?.accepted),
      finished: figure(statistics?.totals?.finished),
      by_status: statistics?.totals?.by_status ?? {},
      by_language: statistics?.totals?.by_language ?? {},
    },
    latency_ms: { queue: null, compile: null, run: null, total: null, ...statistics?.latency_ms },
    is_sampled: statistics?.is_sampled === true,
  };
}

export const wholeReady = (ready: Ready | null): Ready => ({
  ...(ready ?? ({} as Ready)),
  checks: Object.fromEntries(Object.entries(ready?.checks ?? {}).filter(([, check]) => (check as unknown) !== null)),
});

export const wholeJobs = (list: Rough<{ submissions: JobLine[] }>): JobLine[] =>
  listOf(list?.submissions).filter(({ id }) => typeof id === 'string');

export const wholeLetters = (answer: Rough<DeadLetters>): DeadLetters['dead_letters'] =>
  listOf(answer?.dead_letters).map((letter: Rough<DeadLetters['dead_letters'][number]>) => ({
    ...letter,
    id: typeof letter?.id === 'string' ? letter.id : null,
    at: letter?.at ?? null,
    reason: String(letter?.reason ?? ''),
  }));
