// SPDX-License-Identifier: MIT
import type { Job } from '../api/types';
import { explain } from './explain';
import { StatusBadge } from './StatusBadge';
import { WithCode } from './WithCode';

/** How it ended: a word, and a sentence. */
export function Verdict({ job, language }: { job: Job; language: string }) {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
      <StatusBadge status={job.status} />
      <p className="min-w-0 flex-1 basis-64 text-[13.5px] leading-snug break-words">
        <WithCode text={explain(job, language)} />
        {job.attempt > 1 && (
          <span className="text-muted"> It took {job.attempt} attempts: the worker that ran it before was lost.</span>
        )}
      </p>
    </div>
  );
}
