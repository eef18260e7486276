// SPDX-License-Identifier: MIT
import { CircleCheck, Hourglass, TriangleAlert } from 'lucide-react';
import { cx } from '../ui/cx';
import type { Health } from './health';

const LOOKS = {
  good: { Icon: CircleCheck, tone: 'bg-good-soft text-good' },
  busy: { Icon: Hourglass, tone: 'bg-warn-soft text-warn' },
  bad: { Icon: TriangleAlert, tone: 'bg-bad-soft text-bad' },
};

/** The answer to what an operator comes for; said aloud only when its word changes, not with each figure. */
export function Verdict({ health, isStale }: { health: Health; isStale: boolean }) {
  const { Icon, tone } = LOOKS[health.state];
  return (
    <div className={cx('flex items-center gap-2 rounded-xl px-4 py-2', tone, isStale && 'is-stale')}>
      <Icon size={16} aria-hidden="true" className="shrink-0" />
      <p className="min-w-0 text-[13px] tabular-nums">
        <strong className="font-semibold">{isStale ? `Last known: ${health.word.toLowerCase()}` : health.word}</strong>:{' '}
        {health.text}.
      </p>
      <p role="status" aria-label="Health" className="sr-only">
        {isStale ? '' : health.word}
      </p>
    </div>
  );
}
