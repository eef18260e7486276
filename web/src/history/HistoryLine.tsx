// SPDX-License-Identifier: MIT
import { LoaderCircle } from 'lucide-react';
import type { JobLine } from '../api/types';
import { exactTime, figuresOf, relativeTime } from '../lib/format';
import { StatusBadge } from '../results/StatusBadge';
import { cx } from '../ui/cx';
import type { Known } from './known';

export function HistoryLine({
  line,
  title,
  known,
  now,
  isShown,
  isOpening,
  onOpen,
}: {
  line: JobLine;
  /** Of the language. */
  title: string;
  /** Of the code, if it was run in this browser lately. */
  known: Known | undefined;
  now: number;
  /** Its result is what the page shows. */
  isShown: boolean;
  isOpening: boolean;
  onOpen: () => void;
}) {
  const when = line.created_at;
  return (
    <li className="border-b border-line">
      <button
        type="button"
        aria-current={isShown || undefined}
        aria-busy={isOpening || undefined}
        className={cx(
          'flex w-full flex-col gap-1 px-4 py-2.5 text-left -outline-offset-2 hover:bg-raised',
          isShown && 'chosen',
        )}
        onClick={onOpen}
      >
        <span className="flex w-full items-center gap-2">
          <StatusBadge status={line.status} isSmall />
          <span className="min-w-0 flex-1 truncate text-[13px] font-semibold">{title}</span>
          {isOpening && <LoaderCircle size={13} aria-label="Opening" className="animate-spin text-muted" />}
          {when && (
            <time dateTime={when} title={exactTime(when)} className="text-[12px] text-muted">
              {relativeTime(when, now)}
            </time>
          )}
        </span>
        {known?.line ? (
          <code className="w-full truncate font-mono text-[12px]">{known.line}</code>
        ) : (
          when && <span className="text-[13px] tabular-nums">{exactTime(when)}</span>
        )}
        <span className="flex w-full items-center justify-between gap-2 font-mono text-[11.5px] text-muted">
          <span className="truncate">{known?.files.length ? known.files.join(', ') : line.id.slice(-12)}</span>
          <span className="shrink-0 tabular-nums">{figuresOf(line).join(' · ')}</span>
        </span>
      </button>
    </li>
  );
}
