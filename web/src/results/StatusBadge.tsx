// SPDX-License-Identifier: MIT
import { statusTitle } from '../api/statuses';
import type { Status } from '../api/types';
import { cx } from '../ui/cx';
import { lookOf, SOFT } from './status';

export function StatusBadge({ status, isSmall = false }: { status: Status; isSmall?: boolean }) {
  const { tone, icon: Icon } = lookOf(status);
  return (
    <span
      className={cx(
        'inline-flex shrink-0 items-center gap-1.5 rounded-md font-semibold whitespace-nowrap',
        isSmall ? 'h-5 px-1.5 text-[11.5px]' : 'h-6.5 px-2 text-[13px]',
        SOFT[tone],
      )}
    >
      <Icon size={isSmall ? 12 : 14} strokeWidth={2.5} aria-hidden="true" />
      {statusTitle(status)}
    </span>
  );
}
