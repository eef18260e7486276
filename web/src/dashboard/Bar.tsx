// SPDX-License-Identifier: MIT
import { cx } from '../ui/cx';

/** How full something is: as a bar, and as text for who does not see it. */
export function Bar({
  label,
  value,
  text,
  warnAt = 0.8,
  badAt = 0.95,
  className,
}: {
  label: string;
  /** 0 to 1. */
  value: number;
  text: string;
  warnAt?: number;
  badAt?: number;
  className?: string;
}) {
  const part = Math.min(1, Math.max(0, value));
  const color = part >= badAt ? 'bg-bad' : part >= warnAt ? 'bg-warn' : 'bg-accent';
  return (
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(part * 100)}
      aria-valuetext={text}
      className={cx('h-1.5 overflow-hidden rounded-full bg-line', className)}
    >
      <div
        className={cx('h-full rounded-full forced-color-adjust-none transition-[width] duration-500', color)}
        style={{ width: `${part * 100}%` }}
      />
    </div>
  );
}
