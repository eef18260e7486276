// SPDX-License-Identifier: MIT
import { statusTitle } from '../api/statuses';
import { useRun, type RunStore } from '../run/run';
import { wayOf } from './Connection';
import { explain } from './explain';
import { troubleOf } from './problemText';

function announcementOf(run: RunStore): string {
  if (run.phase === 'idle') return '';
  if (run.phase === 'submitting') return 'Submitting';
  if (run.phase === 'failed') return troubleOf(run.error, run.request === null).title;
  if (run.phase === 'over' && run.job) {
    return `${statusTitle(run.job.status)}. ${explain(run.job, run.job.language ?? '').replaceAll('`', '')}`;
  }
  if (run.phase === 'following' && (run.transport === 'polling' || run.transport === null)) {
    return `${run.status ? statusTitle(run.status) : 'Waiting'}, ${wayOf(run.transport)[0].toLowerCase()}`;
  }
  return run.status ? statusTitle(run.status) : '';
}

/**
 * Told to those who do not see the page: where the run has come to, and how it ended. It is there before the first run:
 * of what comes filled into a page, nothing is said.
 */
export function Announcement() {
  const text = useRun(announcementOf);
  return (
    <p role="status" className="sr-only">
      {text}
    </p>
  );
}
