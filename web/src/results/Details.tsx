// SPDX-License-Identifier: MIT
import type { CompileStep, Job } from '../api/types';
import { count, exactTime, kilobytes } from '../lib/format';
import { EnforcedView } from './EnforcedView';
import { Facts } from './Facts';
import { Figures } from './Figures';

function Heading({ children }: { children: string }) {
  return <h2 className="text-[11.5px] font-semibold tracking-wide text-muted uppercase">{children}</h2>;
}

function CompileDetails({ step }: { step: CompileStep }) {
  return (
    <section aria-label="Compiling" className="flex flex-col gap-3">
      <Heading>Compiling</Heading>
      {step.cached && (
        <p className="rounded-md bg-info-soft px-3 py-1.5 text-[12.5px] text-info">
          Not compiled again: the same source was compiled before. These figures are from then.
        </p>
      )}
      <Figures measured={step} limits={step.limits} />
      <EnforcedView enforced={step.enforced} title="What was enforced on the compiler" />
    </section>
  );
}

export function Details({ job }: { job: Job }) {
  const { limits, enforced, compile } = job;
  const hasCases = (job.test_cases?.length ?? 0) > 0;
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto p-3">
      {job.time_used_ms !== undefined && (
        <section aria-label="Running" className="flex flex-col gap-3">
          <Heading>Running</Heading>
          {hasCases && <p className="text-[12.5px] text-muted">Time is of the slowest test, memory of the largest.</p>}
          {enforced && <EnforcedView enforced={enforced} />}
          {limits && (
            <Facts
              facts={[
                ['Process limit', `${count(limits.process_limit)} at once`],
                ['Output limit', `${kilobytes(limits.output_limit_kb)} each for stdout and stderr`],
              ]}
            />
          )}
        </section>
      )}
      {compile && <CompileDetails step={compile} />}
      <section aria-label="Submission" className="flex flex-col gap-3">
        <Heading>Submission</Heading>
        <Facts
          facts={[
            ['ID', job.id],
            ['Language', job.language],
            ['Submitted', job.created_at && exactTime(job.created_at)],
            ['Finished', job.finished_at && exactTime(job.finished_at)],
            ['Worker', job.worker],
            ['Attempt', job.attempt],
            ['Reason', job.reason],
          ]}
        />
      </section>
    </div>
  );
}
