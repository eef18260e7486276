// SPDX-License-Identifier: MIT
import { CircleCheck, CircleDashed, Hourglass, TriangleAlert } from 'lucide-react';
import { useEffect, useState } from 'react';
import { cx } from '../ui/cx';
import type { Health } from './health';

const LOOKS = {
  none: { Icon: CircleDashed, tone: 'bg-surface text-muted' },
  good: { Icon: CircleCheck, tone: 'bg-good-soft text-good' },
  busy: { Icon: Hourglass, tone: 'bg-warn-soft text-warn' },
  bad: { Icon: TriangleAlert, tone: 'bg-bad-soft text-bad' },
};

/** What is said aloud: when its word changes, or what the trouble is, not with each figure. */
function useSaid(health: Health | null, isStale: boolean): string {
  const [said, setSaid] = useState('');
  const whole =
    health === null || isStale ? '' : health.state === 'good' ? health.word : `${health.word}: ${health.text}`;
  const gist = health?.state === 'bad' ? whole.replace(/\d[\d.,]*/g, '') : whole && (health?.word ?? '');
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useEffect(() => setSaid(whole), [gist]);
  return said;
}

/** The answer to what an operator comes for. */
export function Verdict({ health, isStale }: { health: Health | null; isStale: boolean }) {
  const { Icon, tone } = LOOKS[health?.state ?? 'none'];
  const said = useSaid(health, isStale);
  return (
    <div className={cx('flex items-center gap-2 rounded-xl px-4 py-2', tone, isStale && 'is-stale')}>
      <Icon size={16} aria-hidden="true" className="shrink-0" />
      {health ? (
        <p className="min-w-0 text-[13px] tabular-nums">
          <strong className="font-semibold">
            {isStale ? `Last known: ${health.word.toLowerCase()}` : health.word}
          </strong>
          : {health.text}.
        </p>
      ) : (
        <p className="text-[13px]">Loading…</p>
      )}
      <p role="status" aria-label="Health" className="sr-only">
        {said}
      </p>
    </div>
  );
}
