// SPDX-License-Identifier: MIT
/** What there is to show of a run's output. */
import type { Job } from '../api/types';
import { textOf } from '../lib/encoded';
import { count, kilobytes } from '../lib/format';
import type { Run, Stream } from '../run/run';
import { isExact } from './download';
import type { Filter, ShownChunk } from './printing';

const STREAMS: readonly Stream[] = ['compile_output', 'stdout', 'stderr'];

const known = new WeakMap<Job, ShownChunk[]>();

/** Those that came; of a run that is over, and was not followed, those that the server kept. */
export function chunksOf(run: Pick<Run, 'chunks' | 'job'>): readonly ShownChunk[] {
  const { chunks, job } = run;
  if (chunks.length > 0 || !job) return chunks;
  let made = known.get(job);
  if (!made) {
    made = STREAMS.map((stream) => ({ stream, text: textOf(job[stream], job[`${stream}_encoding`]) })).filter(
      (chunk) => chunk.text !== '',
    );
    known.set(job, made);
  }
  return made;
}

export function hasStream(chunks: readonly ShownChunk[], stream: Stream): boolean {
  return chunks.some((chunk) => chunk.stream === stream && !chunk.isEcho);
}

/** Sentences about what is missing from what is shown. */
export function shortcomings(job: Job | null, filter: Filter, dropped: number, hasInvalid: boolean): string[] {
  const told: string[] = [];
  const limit = job?.limits ? ` of ${kilobytes(job.limits.output_limit_kb)}` : '';
  const isWanted = (stream: Filter) => filter === stream || (filter === 'all' && stream !== 'compile_output');

  for (const stream of ['stdout', 'stderr'] as const) {
    if (job?.[`${stream}_truncated`] && isWanted(stream)) told.push(`${stream} was cut at its limit${limit}.`);
  }
  if (job?.compile_output_truncated && filter === 'compile_output') {
    const most = job.compile ? ` of ${kilobytes(job.compile.limits.output_limit_kb)}` : '';
    told.push(`Compiler output was cut at its limit${most}.`);
  }
  const where = !job
    ? ''
    : isExact(job, filter)
      ? ' Download has them.'
      : ' Downloads of stdout or stderr alone have them.';
  if (dropped > 0) told.push(`Too much to show here: ${count(dropped)} characters are left out.${where}`);
  if (hasInvalid) told.push(`Some bytes are not text and are shown as \ufffd.${where}`);
  return told;
}
