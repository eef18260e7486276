// SPDX-License-Identifier: MIT
import { Check } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Status } from '../api/types';
import { clock } from '../lib/format';
import { cx } from '../ui/cx';

type Step = 'QUEUED' | 'COMPILING' | 'RUNNING';

const NAMES: Record<Step, string> = { QUEUED: 'Queued', COMPILING: 'Compiling', RUNNING: 'Running' };

/** Since `begunAt` of performance.now(), ten times a second. */
function Clock({ begunAt }: { begunAt: number }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 100);
    return () => clearInterval(timer);
  }, []);
  return <span className="font-mono text-[12px] text-muted tabular-nums">{clock(now - begunAt)}</span>;
}

/** Where a run that is not over has come to. */
export function Stepper({ status, isCompiled, begunAt }: { status: Status; isCompiled: boolean; begunAt: number }) {
  const steps: Step[] = isCompiled ? ['QUEUED', 'COMPILING', 'RUNNING'] : ['QUEUED', 'RUNNING'];
  const at = steps.indexOf(status as Step);
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <ol aria-label="Stages" className="flex items-center gap-2">
        {steps.map((step, index) => (
          <li
            key={step}
            aria-current={index === at ? 'step' : undefined}
            className={cx(
              'flex items-center gap-2 text-[13px]',
              index === at ? 'font-semibold text-ink' : 'text-muted',
            )}
          >
            {index > 0 && <span aria-hidden="true" className="h-px w-4 bg-line @sm:w-7" />}
            <span className="flex items-center gap-1.5">
              {index < at ? (
                <Check size={13} strokeWidth={3} aria-label="done" className="text-good" />
              ) : (
                <span
                  aria-hidden="true"
                  className={cx(
                    'size-2 rounded-full forced-color-adjust-none',
                    index === at ? 'animate-pulse bg-info' : 'bg-line',
                  )}
                />
              )}
              {NAMES[step]}
            </span>
          </li>
        ))}
      </ol>
      <Clock begunAt={begunAt} />
    </div>
  );
}
