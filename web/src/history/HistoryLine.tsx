// SPDX-License-Identifier: MIT
import { LoaderCircle } from 'lucide-react';
import type { JobLine } from '../api/types';
import { duration, exactTime, kilobytes, relativeTime } from '../lib/format';
import { StatusBadge } from '../results/StatusBadge';
import { cx } from '../ui/cx';

export function HistoryLine({
  line,
  title,
  now,
  isShown,
  isOpening,
  onOpen,
}: {
  line: JobLine;
  /** Of the language. */
  title: string;
  now: number;
  /** Its result is what the page shows. */
  isShown: boolean;
  isOpening: boolean;
  onOpen: () => void;
}) {
  const figures = [
    typeof line.time_used_ms === 'number' && duration(line.time_used_ms),
    typeof line.memory_used_kb === 'number' && kilobytes(line.memory_used_kb),
  ].filter(Boolean);
  return (
    <li className="border-b border-line">
      <button
        type="button"
        aria-current={isShown || undefined}
        aria-busy={isOpening || undefined}
        className={cx(
          'flex w-full flex-col gap-1 px-4 py-2.5 text-left -outline-offset-2 hover:bg-raised',
          isShown && 'bg-raised',
        )}
        onClick={onOpen}
      >
        <span className="flex w-full items-center gap-2">
          <StatusBadge status={line.status} isSmall />
          <span className="min-w-0 flex-1 truncate text-[13px] font-semibold">{title}</span>
          {isOpening && <LoaderCircle size={13} aria-label="Opening" className="animate-spin text-muted" />}
          {line.created_at && (
            <time dateTime={line.created_at} title={exactTime(line.created_at)} className="text-[12px] text-muted">
              {relativeTime(line.created_at, now)}
            </time>
          )}
        </span>
        <span className="flex w-full items-center justify-between gap-2 font-mono text-[11.5px] text-muted">
          <span className="truncate">{line.id.slice(-12)}</span>
          <span className="shrink-0 tabular-nums">{figures.join(' · ')}</span>
        </span>
      </button>
    </li>
  );
}
