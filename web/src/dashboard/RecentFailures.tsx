// SPDX-License-Identifier: MIT
import { statusTitle } from '../api/statuses';
import type { JobLine } from '../api/types';
import { figuresOf } from '../lib/format';
import { shownName } from '../lib/visible';
import { Link } from '../ui/Link';
import { reasonKey, type Failures } from './failures';
import { ago } from './format';
import { Quiet } from './Notice';
import { lookOf } from './statuses';

function Line({ job, reason, now }: { job: JobLine; reason: string | undefined; now: number }) {
  const look = lookOf(job.status);
  const when = job.finished_at ?? job.created_at;
  return (
    <li className="border-b border-line last:border-b-0">
      <Link
        href={`/s/${encodeURIComponent(job.id)}`}
        className="grid grid-cols-[1fr_auto] gap-x-3 px-4 py-1.5 -outline-offset-2 transition-colors hover:bg-raised @xl:grid-cols-[12rem_5rem_1fr_auto]"
      >
        <span className="flex items-center gap-2 font-medium">
          <span
            aria-hidden="true"
            className="size-2 shrink-0 rounded-full forced-color-adjust-none"
            style={{ background: `var(${look.color})` }}
          />
          {statusTitle(job.status)}
        </span>
        <span className="order-3 min-w-0 break-words text-muted @xl:order-none">{shownName(job.language)}</span>
        <span className="order-4 text-right text-muted tabular-nums @xl:order-none @xl:text-left">
          {figuresOf(job).join(', ')}
        </span>
        <span className="text-right whitespace-nowrap text-muted tabular-nums" title={when ?? undefined}>
          {when && ago(now - Date.parse(when))}
        </span>
        {reason && (
          <span className="order-last col-span-full pl-4 break-words text-ink" title="What the service says of it">
            {reason}
          </span>
        )}
      </Link>
    </li>
  );
}

export function RecentFailures({ failures, now }: { failures: Failures; now: number }) {
  if (failures.jobs.length === 0) {
    return <Quiet>{failures.hasAny ? 'No submission has failed.' : 'Nothing has been submitted yet.'}</Quiet>;
  }
  return (
    <ul aria-label="Recent failures" className="@container max-h-80 overflow-y-auto text-[13px]">
      {failures.jobs.map((job) => (
        <Line key={job.id} job={job} reason={failures.reasons.get(reasonKey(job))} now={now} />
      ))}
    </ul>
  );
}
