// SPDX-License-Identifier: MIT
/** What was accepted and what ended in a span of time, of the whole fleet (scope admin). */
import { API, query, request } from './client';
import type { components } from './schema';
import type { Load, Status } from './types';

export type Statistics = components['schemas']['Statistics'];
export type Bucket = Statistics['buckets'][number];
export type ByStatus = Partial<Record<Status, number>>;

export const STAGES = ['queue', 'compile', 'run', 'total'] as const;
export type Stage = (typeof STAGES)[number];
export type Percentiles = NonNullable<Statistics['latency_ms'][Stage]>;

/** A worker of /load; its host is null where an older version told nothing of it. */
export type WorkerLoad = Load['workers'][number];
export type Host = NonNullable<WorkerLoad['host']>;

export const readStatistics = (seconds: number, buckets: number, signal?: AbortSignal) =>
  request<Statistics>('GET', `${API}/statistics${query({ seconds, buckets })}`, undefined, signal);
