// SPDX-License-Identifier: MIT
import { CircleCheck, CircleX } from 'lucide-react';
import type { Ready } from '../api/types';
import { cx } from '../ui/cx';

const WHAT: Record<string, string> = {
  store: 'Jobs, results and API keys',
  queue: 'Submissions that wait',
  events: 'Live output',
  guard: 'Rate limits and claims',
  workers: 'They run the programs',
};

/** What is down first. */
export function Dependencies({ ready }: { ready: Ready }) {
  const checks = Object.entries(ready.checks).sort(
    ([, a], [, b]) => Number(a.status === 'up') - Number(b.status === 'up'),
  );
  return (
    <ul aria-label="Dependencies" className="flex flex-col text-[13px]">
      {checks.map(([name, { status, reason }]) => {
        const isUp = status === 'up';
        const Icon = isUp ? CircleCheck : CircleX;
        return (
          <li key={name} className="flex items-start gap-2.5 border-b border-line px-4 py-1.5 last:border-b-0">
            <Icon size={16} aria-hidden="true" className={cx('mt-0.5 shrink-0', isUp ? 'text-good' : 'text-bad')} />
            <div className="min-w-0 flex-1">
              <span className="font-medium">{name}</span>
              {WHAT[name] && <span className="ml-2 text-muted">{WHAT[name]}</span>}
              {reason && <p className={cx('break-words', isUp ? 'text-muted' : 'text-bad')}>{reason}</p>}
            </div>
            <span className={cx('font-medium', isUp ? 'text-good' : 'text-bad')}>{isUp ? 'up' : 'down'}</span>
          </li>
        );
      })}
    </ul>
  );
}
