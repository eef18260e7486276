// SPDX-License-Identifier: MIT
/**
 * The latest failures. Each way to fail is asked for by itself: among the newest submissions there may be none, when a
 * long queue stands behind them.
 */
import { listJobs, readJob } from '../api/client';
import type { ByStatus } from '../api/statistics';
import type { JobLine, Status } from '../api/types';
import { wholeJobs } from './whole';

/** What an operator looks at; not what somebody cancelled. */
export const FAILING = [
  'INTERNAL_ERROR',
  'WRONG_ANSWER',
  'COMPILATION_ERROR',
  'RUNTIME_ERROR',
  'TIMEOUT',
  'MEMORY_LIMIT_EXCEEDED',
  'OUTPUT_LIMIT_EXCEEDED',
  'SECURITY_VIOLATION',
] as const satisfies readonly Status[];

type Failing = (typeof FAILING)[number];

const MOST = 14;
/** So many of the service's own keep their place, however many programs failed since. */
const OURS_MOST = 6;

export interface Failures {
  jobs: JobLine[];
  /** Why, of the service's own faults: by reasonKey(). */
  reasons: ReadonlyMap<string, string>;
  /** There is any submission at all. */
  hasAny: boolean;
}

/** One that was given another try may end anew. */
export const reasonKey = (job: JobLine): string => `${job.id} ${job.finished_at ?? ''}`;

const newestFirst = (a: JobLine, b: JobLine) => (b.finished_at ?? '').localeCompare(a.finished_at ?? '');
const isOurs = (job: JobLine) => job.status === 'INTERNAL_ERROR';

/** The newest of all lists, the newest first. One that ended anew between two questions is in it once. */
export function newestOf(lists: Iterable<readonly JobLine[]>, most = MOST, oursMost = OURS_MOST): JobLine[] {
  const byId = new Map<string, JobLine>();
  for (const job of [...lists].flat().sort(newestFirst)) if (!byId.has(job.id)) byId.set(job.id, job);
  const all = [...byId.values()];
  const ours = all.filter(isOurs).slice(0, oursMost);
  const others = all.filter((job) => !isOurs(job)).slice(0, most - ours.length);
  return [...ours, ...others].sort(newestFirst);
}

export interface FailureReader {
  /** `occurred`: what the statistics have; null if they have not told yet, and then each way to fail is asked for. */
  read(occurred: ByStatus | null, signal: AbortSignal): Promise<Failures>;
}

export function createFailureReader(): FailureReader {
  /** What did not occur lately is as it was when it was last asked for. */
  const kept = new Map<Failing, readonly JobLine[]>();
  const reasons = new Map<string, string>();
  let hasAny = false;

  /** Lists do not tell why the service failed: each such job is read once. */
  async function learnReasons(jobs: readonly JobLine[], signal: AbortSignal): Promise<void> {
    const unknown = jobs.filter((job) => isOurs(job) && !reasons.has(reasonKey(job)));
    for (const job of unknown) {
      const reason = await readJob(job.id, signal).then(
        (whole) => whole.reason ?? '',
        () => undefined,
      );
      if (reason !== undefined) reasons.set(reasonKey(job), reason);
    }
  }

  return {
    async read(occurred, signal) {
      // Asked before all else: of a server that refuses it, no more is asked.
      hasAny ||= wholeJobs(await listJobs({ limit: 1 }, signal)).length > 0;
      if (!hasAny) return { jobs: [], reasons, hasAny };
      // An internal error ends anew when it is retried: it is not in the statistics any more, nor among these.
      const wanted = FAILING.filter(
        (status) => status === 'INTERNAL_ERROR' || !kept.has(status) || !occurred || (occurred[status] ?? 0) > 0,
      );
      const lists = await Promise.all(
        wanted.map(async (status) => wholeJobs(await listJobs({ status, limit: MOST }, signal))),
      );
      wanted.forEach((status, index) => kept.set(status, lists[index] ?? []));
      const jobs = newestOf(kept.values());
      await learnReasons(jobs, signal);
      return { jobs, reasons, hasAny };
    },
  };
}
