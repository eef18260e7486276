// SPDX-License-Identifier: MIT
import { ChartColumn, Table2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Statistics } from '../api/statistics';
import { IconButton } from '../ui/Button';
import { Card } from './Card';
import { timeOfDay } from './format';
import { Quiet } from './Notice';
import { isEmpty } from './series';
import type { Source } from './useFigures';
import type { Span } from './windows';

export interface Column {
  name: string;
  cells: string[];
}

/** Newest first, as far as it scrolls. */
function BucketTable({ title, statistics, columns }: { title: string; statistics: Statistics; columns: Column[] }) {
  const rows = statistics.buckets.map((bucket, index) => ({ at: bucket.at, index })).reverse();
  return (
    // A region that scrolls has to be reachable by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="region" aria-label={`${title}, as a table`} tabIndex={0} className="h-[230px] overflow-auto px-2">
      <table className="w-full text-[12px] tabular-nums">
        <thead className="sticky top-0 bg-surface text-left text-muted">
          <tr>
            <th className="px-2 py-1 font-medium">From</th>
            {columns.map(({ name }) => (
              <th key={name} className="px-2 py-1 text-right font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, index }) => (
            <tr key={at} className="border-t border-line">
              <th scope="row" className="px-2 py-1 text-left font-normal">
                {timeOfDay(Date.parse(at), statistics.bucket_seconds < 60)}
              </th>
              {columns.map(({ name, cells }) => (
                <td key={name} className="px-2 py-1 text-right">
                  {cells[index]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export interface LegendItem {
  name: string;
  color: string;
  value: string;
}

function Legend({ items }: { items: LegendItem[] }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-0.5 px-4 pt-2 pb-1 text-[12px]">
      {items.map(({ name, color, value }) => (
        <li key={name} className="flex items-center gap-1.5 whitespace-nowrap">
          <span
            aria-hidden="true"
            className="size-2 rounded-sm forced-color-adjust-none"
            style={{ background: `var(${color})` }}
          />
          <span className="text-muted">{name}</span>
          <span className="font-medium tabular-nums">{value}</span>
        </li>
      ))}
    </ul>
  );
}

/** A chart with its legend; one button shows the same as a table. */
export function ChartCard({
  title,
  note,
  source,
  span,
  isStale,
  className,
  legend,
  columns,
  children,
}: {
  title: string;
  note?: string;
  source: Source<Statistics>;
  span: Span;
  isStale: boolean;
  className?: string;
  legend: (statistics: Statistics) => LegendItem[];
  columns: (statistics: Statistics) => Column[];
  children: (statistics: Statistics) => ReactNode;
}) {
  const [isTable, setTable] = useState(false);
  return (
    <Card
      title={title}
      note={note}
      source={source}
      isStale={isStale}
      className={className ?? ''}
      room="min-h-57"
      actions={
        source.data && (
          <IconButton
            label={isTable ? `${title}: show the chart` : `${title}: show as a table`}
            icon={isTable ? <ChartColumn size={15} /> : <Table2 size={15} />}
            onClick={() => setTable(!isTable)}
          />
        )
      }
    >
      {(statistics) =>
        isTable ? (
          <BucketTable title={title} statistics={statistics} columns={columns(statistics)} />
        ) : isEmpty(statistics) ? (
          <div className="flex h-32">
            <Quiet>Nothing ran in the last {span.words}.</Quiet>
          </div>
        ) : (
          <>
            <Legend items={legend(statistics)} />
            <div className="px-2 pb-2">{children(statistics)}</div>
          </>
        )
      }
    </Card>
  );
}
