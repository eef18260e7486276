// SPDX-License-Identifier: MIT
import { cx } from '../ui/cx';

export type Level = 'fine' | 'near' | 'over';

const BAR: Record<Level, string> = { fine: 'bg-accent', near: 'bg-warn', over: 'bg-bad' };

const NEAR = 0.8;

export function levelOf(used: number, limit: number): Level {
  if (limit <= 0) return 'fine';
  /* a run that was stopped at its limit is over it, whatever was measured */
  if (used >= limit * 0.999) return 'over';
  return used >= limit * NEAR ? 'near' : 'fine';
}

/** A figure beside its limit. */
export function Meter({
  label,
  used,
  limit,
  text,
  limitText,
}: {
  label: string;
  used: number;
  limit: number | null;
  text: string;
  limitText: string | null;
}) {
  const level = limit === null ? 'fine' : levelOf(used, limit);
  const share = limit === null || limit <= 0 ? 0 : Math.min(1, used / limit);
  return (
    <div className="flex min-w-0 flex-col gap-1 text-[12px]">
      {/* Label above value: beside it one of them would be cut in a narrow column. */}
      <div className="flex flex-col">
        <span className="text-muted">{label}</span>
        <span className="whitespace-nowrap tabular-nums">
          <span
            className={cx('font-semibold', level === 'over' ? 'text-bad' : level === 'near' ? 'text-warn' : 'text-ink')}
          >
            {text}
          </span>
          {limitText && <span className="text-muted"> / {limitText}</span>}
        </span>
      </div>
      {limit !== null && (
        <div
          role="meter"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={limit}
          aria-valuenow={Math.min(used, limit)}
          aria-valuetext={`${text} of ${limitText ?? 'its limit'}`}
          className="h-1 overflow-hidden rounded-full bg-raised"
        >
          <div
            className={cx('h-full rounded-full forced-color-adjust-none', BAR[level])}
            style={{ width: `${Math.max(share * 100, 1)}%` }}
          />
        </div>
      )}
    </div>
  );
}
