// SPDX-License-Identifier: MIT
/** For tests: documents as the server sends them. */
import type { ByStatus, Host, Statistics, WorkerLoad } from '../api/statistics';
import type { JobLine, Status } from '../api/types';

const START = Date.parse('2026-01-01T12:00:00Z');

/** Buckets of 10 s from noon on; the last one began `filled` seconds ago. */
export function statisticsOf(buckets: ByStatus[], filled = 10): Statistics {
  const by_status: ByStatus = {};
  const count = (counts: ByStatus) => Object.values(counts).reduce((sum, n) => sum + n, 0);
  for (const bucket of buckets) {
    for (const [status, n] of Object.entries(bucket) as [Status, number][]) {
      by_status[status] = (by_status[status] ?? 0) + n;
    }
  }
  const finished = count(by_status);
  return {
    now: new Date(START + (buckets.length - 1) * 10_000 + filled * 1000).toISOString(),
    seconds: buckets.length * 10,
    bucket_seconds: 10,
    buckets: buckets.map((counts, index) => ({
      at: new Date(START + index * 10_000).toISOString(),
      accepted: count(counts),
      finished: count(counts),
      by_status: counts,
      run_ms: count(counts) > 0 ? { p50: 40, p95: 400 } : null,
    })),
    totals: {
      accepted: finished,
      finished,
      by_status,
      by_language: finished > 0 ? { python: { finished, by_status } } : {},
    },
    latency_ms: {
      queue: finished > 0 ? { p50: 3, p90: 9, p95: 12, p99: 80 } : null,
      compile: null,
      run: finished > 0 ? { p50: 40, p90: 300, p95: 400, p99: 4_200 } : null,
      total: finished > 0 ? { p50: 60, p90: 320, p95: 450, p99: 4_400 } : null,
    },
    is_sampled: false,
  };
}

export const hostOf = (change: Partial<Host> = {}): Host => ({
  processors: 4,
  cpu_used: 0.5,
  memory_total_kb: 8_000_000,
  memory_available_kb: 6_000_000,
  load_1m: 1.5,
  ...change,
});

export const workerOf = (change: Partial<WorkerLoad> = {}): WorkerLoad => ({
  name: 'w-1',
  slots: 4,
  active: 1,
  last_seen_at: '2026-01-01T12:00:00Z',
  counts: {},
  version: '0.1.0',
  started_at: '2026-01-01T11:00:00Z',
  host: null,
  ...change,
});

export const jobOf = (id: string, status: Status, finished_at: string | null): JobLine => ({
  id,
  job_id: id,
  status,
  language: 'python',
  user_id: null,
  attempt: 1,
  cancel_requested: false,
  created_at: '2026-01-01T11:00:00Z',
  finished_at,
  time_used_ms: 12,
  memory_used_kb: 4096,
});
