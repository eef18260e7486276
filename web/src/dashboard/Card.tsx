// SPDX-License-Identifier: MIT
import type { ReactNode } from 'react';
import { Panel } from '../ui/Panel';
import { cx } from '../ui/cx';
import { CardBoundary } from './CardBoundary';
import { Notice, Quiet } from './Notice';
import type { Source } from './useFigures';

/** Draws within the boundary what would fail outside of it. */
function Drawn<T>({ data, draw }: { data: T; draw: (data: T) => ReactNode }) {
  return draw(data);
}

/** A panel that shows what one source tells: its figures, greyed if they are old, or why there are none. */
export function Card<T>({
  title,
  note,
  source,
  isStale,
  actions,
  room = 'min-h-32',
  className,
  children,
}: {
  title: string;
  note?: ReactNode;
  source: Source<T>;
  /** Of the page as a whole; an error of this source makes it stale, too. */
  isStale: boolean;
  actions?: ReactNode;
  /** About the height that its figures take: it is kept for them until they come. */
  room?: string;
  className?: string;
  children: (data: T) => ReactNode;
}) {
  const { data, error } = source;
  return (
    <Panel
      label={title}
      className={cx('overflow-hidden', className)}
      head={
        <>
          <h2 className="pl-2 text-[13px] font-semibold whitespace-nowrap">{title}</h2>
          {note && <span className="truncate text-[12px] text-muted">{note}</span>}
        </>
      }
      actions={actions}
    >
      {data !== null ? (
        <div className={cx('flex min-h-0 flex-1 flex-col', (isStale || error !== null) && 'is-stale')}>
          <CardBoundary data={data}>
            <Drawn data={data} draw={children} />
          </CardBoundary>
        </div>
      ) : error !== null ? (
        <Notice error={error} onAgain={source.refresh} />
      ) : (
        <div aria-busy="true" className={cx('flex', room)}>
          <Quiet>Loading…</Quiet>
        </div>
      )}
    </Panel>
  );
}
