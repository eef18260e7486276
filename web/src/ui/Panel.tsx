// SPDX-License-Identifier: MIT
import type { ReactNode } from 'react';
import { cx } from './cx';

/** A card of the page: a head with a title or tabs, actions at its right, and a body that scrolls. */
export function Panel({
  label,
  head,
  actions,
  wraps = false,
  className,
  children,
}: {
  label: string;
  head: ReactNode;
  actions?: ReactNode;
  /** Where there is no room for head and actions in one row, they take two; otherwise the head is cut. */
  wraps?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return (
    <section
      aria-label={label}
      className={cx(
        'flex min-h-0 min-w-0 flex-col overflow-hidden rounded-xl border border-line bg-surface',
        className,
      )}
    >
      <header className={cx('flex min-h-11 items-center gap-x-2 border-b border-line px-2', wraps && 'flex-wrap py-1')}>
        <div className={cx('flex min-w-0 items-center gap-2 overflow-x-auto', wraps ? 'grow' : 'flex-1')}>{head}</div>
        {actions && <div className="ml-auto flex items-center gap-1">{actions}</div>}
      </header>
      <div className="flex min-h-0 flex-1 flex-col">{children}</div>
    </section>
  );
}
