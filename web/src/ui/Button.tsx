// SPDX-License-Identifier: MIT
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { cx } from './cx';

type Kind = 'primary' | 'plain' | 'quiet' | 'danger';

const KINDS: Record<Kind, string> = {
  primary: 'bg-accent text-on-accent font-semibold hover:brightness-110',
  plain: 'bg-raised text-ink border border-line hover:border-muted',
  quiet: 'text-muted hover:text-ink hover:bg-raised',
  danger: 'bg-bad-soft text-bad border border-bad/40 hover:border-bad',
};

/** aria-disabled is for what may have the focus: a button that is `disabled` loses it. */
const OFF = 'disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:cursor-not-allowed aria-disabled:opacity-50';

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: Kind;
  icon?: ReactNode;
}

export function Button({ kind = 'plain', icon, className, children, type = 'button', ...rest }: Props) {
  return (
    <button
      type={type}
      className={cx(
        'touch inline-flex h-8 items-center justify-center gap-1.5 rounded-md px-3 text-[13px] whitespace-nowrap transition-colors',
        OFF,
        KINDS[kind],
        className,
      )}
      {...rest}
    >
      {icon}
      {children}
    </button>
  );
}

/** A picture alone: `label` is what a screen reader says, and the tooltip. */
export function IconButton({
  label,
  icon,
  className,
  ...rest
}: Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'aria-label' | 'title'> & { label: string; icon: ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cx(
        'touch inline-flex size-8 items-center justify-center rounded-md text-muted transition-colors hover:bg-raised hover:text-ink',
        OFF,
        className,
      )}
      {...rest}
    >
      {icon}
    </button>
  );
}
