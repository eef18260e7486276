// SPDX-License-Identifier: MIT
/** What was accepted and what ended in a span of time, of the whole fleet (scope admin). */
import { API, query, request } from './client';
import type { Load, Status } from './types';

export type ByStatus = Partial<Record<Status, number>>;

export interface Bucket {
  at: string;
  accepted: number;
  finished: number;
  by_status: ByStatus;
  run_ms: { p50: number; p95: number } | null;
}

export interface Percentiles {
  p50: number;
  p90: number;
  p95: number;
  p99: number;
}

export const STAGES = ['queue', 'compile', 'run', 'total'] as const;
export type Stage = (typeof STAGES)[number];

export interface Statistics {
  /** The server's clock. */
  now: string;
  seconds: number;
  bucket_seconds: number;
  /** The oldest first, empty ones too; the last one is still filling. */
  buckets: Bucket[];
  totals: {
    accepted: number;
    finished: number;
    by_status: ByStatus;
    by_language: Record<string, { finished: number; by_status: ByStatus }>;
  };
  latency_ms: Record<Stage, Percentiles | null>;
  /** There was more than the server counts: the newest are in it, and the oldest buckets show too little. */
  is_sampled: boolean;
}

/** The host that a worker is on; null is what is not known. */
export interface Host {
  processors: number | null;
  /** Of all processors together, 0 to 1, since the worker told before. */
  cpu_used: number | null;
  memory_total_kb: number | null;
  memory_available_kb: number | null;
  load_1m: number | null;
}

/** A worker of /load. */
export type WorkerLoad = Load['workers'][number] & {
  version?: string | null;
  started_at?: string | null;
  host?: Host | null;
};

export const readStatistics = (seconds: number, buckets: number, signal?: AbortSignal) =>
  request<Statistics>('GET', `${API}/statistics${query({ seconds, buckets })}`, undefined, signal);
