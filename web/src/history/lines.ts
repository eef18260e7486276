// SPDX-License-Identifier: MIT
/** What one does to the lines of the history. */
import type { Job, JobLine } from '../api/types';
import { isOver } from '../api/types';
import { statusTitle } from '../api/statuses';
import type { Known } from './known';

/** A page behind those that are there; a line that came meanwhile is there already. */
export function withPage(lines: JobLine[], page: JobLine[]): JobLine[] {
  const known = new Set(lines.map((line) => line.id));
  return [...lines, ...page.filter((line) => !known.has(line.id))];
}

/** What became of those that were not over. */
export function refreshed(lines: JobLine[], jobs: Job[]): JobLine[] {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  return lines.map((line) => {
    const job = byId.get(line.id);
    if (!job) return line;
    return {
      ...line,
      status: job.status,
      attempt: job.attempt,
      cancel_requested: job.cancel_requested,
      finished_at: job.finished_at,
      time_used_ms: isOver(job.status) ? (job.time_used_ms ?? null) : null,
      memory_used_kb: isOver(job.status) ? (job.memory_used_kb ?? null) : null,
    };
  });
}

export const unfinished = (lines: readonly JobLine[]): JobLine[] => lines.filter((line) => !isOver(line.status));

/** By what a person would type: code, a file, a language, a verdict, a part of the id. Each word has to be found. */
export function matching(
  lines: readonly JobLine[],
  text: string,
  titleOf: (language: string) => string,
  known: ReadonlyMap<string, Known>,
): readonly JobLine[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return lines;
  return lines.filter((line) => {
    const language = line.language ?? '';
    const { line: code = '', files = [] } = known.get(line.id) ?? {};
    const all = [line.id, language, titleOf(language), line.status, statusTitle(line.status), code, ...files];
    const searched = all.join(' ').toLowerCase();
    return words.every((word) => searched.includes(word));
  });
}
