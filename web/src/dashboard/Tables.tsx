// SPDX-License-Identifier: MIT
import type { ReactNode } from 'react';
import { STAGES, type Stage, type Statistics } from '../api/statistics';
import { shownName } from '../lib/visible';
import { cx } from '../ui/cx';
import type { LanguageLine } from './fleet';
import { statusTitle } from '../api/statuses';
import { count, duration, percent } from './format';
import { Quiet } from './Notice';
import { ScrollArea } from './ScrollArea';
import { lookOf, occurring } from './statuses';

export const TH = 'px-3 py-1.5 first:pl-4 last:pr-4 font-medium whitespace-nowrap';
export const TD = 'px-3 py-1.5 first:pl-4 last:pr-4 whitespace-nowrap tabular-nums';

export function Table({ label, head, children }: { label: string; head: ReactNode; children: ReactNode }) {
  return (
    <ScrollArea label={`${label}, to be scrolled`} className="overflow-x-auto pb-1">
      <table aria-label={label} className="w-full text-[13px]">
        <thead className="text-[12px] text-muted">
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </ScrollArea>
  );
}

const STAGE_WORDS: Record<Stage, { name: string; what: string }> = {
  queue: { name: 'Queue', what: 'from accepted until a worker takes it' },
  compile: { name: 'Compile', what: 'submissions that were compiled' },
  run: { name: 'Run', what: 'the program itself' },
  total: { name: 'Total', what: 'from accepted until finished' },
};

export function LatencyTable({ latency }: { latency: Statistics['latency_ms'] }) {
  return (
    <Table
      label="Latency by stage"
      head={
        <>
          <th className={cx(TH, 'text-left')}>Stage</th>
          {['p50', 'p90', 'p95', 'p99'].map((name) => (
            <th key={name} className={cx(TH, 'text-right', name === 'p90' && 'hidden sm:table-cell')}>
              {name}
            </th>
          ))}
        </>
      }
    >
      {STAGES.map((stage) => {
        const times = latency[stage];
        return (
          <tr key={stage} className="border-t border-line">
            <th scope="row" className={cx(TD, 'text-left font-normal')} title={STAGE_WORDS[stage].what}>
              {STAGE_WORDS[stage].name}
            </th>
            <td className={cx(TD, 'text-right')}>{duration(times?.p50)}</td>
            <td className={cx(TD, 'hidden text-right sm:table-cell')}>{duration(times?.p90)}</td>
            <td className={cx(TD, 'text-right font-medium')}>{duration(times?.p95)}</td>
            <td className={cx(TD, 'text-right')}>{duration(times?.p99)}</td>
          </tr>
        );
      })}
    </Table>
  );
}

/** The outcomes of one language, as shares of a bar. */
function Shares({ line }: { line: LanguageLine }) {
  const parts = occurring(line.byStatus);
  const words = parts.map(({ status }) => `${statusTitle(status)} ${count(line.byStatus[status])}`).join(', ');
  return (
    <div
      role="img"
      aria-label={words || 'none finished'}
      title={words}
      className="flex h-2 min-w-16 gap-px overflow-hidden rounded-full bg-line"
    >
      {parts.map(({ status }) => (
        <span
          key={status}
          className="forced-color-adjust-none"
          style={{ flexGrow: line.byStatus[status], background: `var(${lookOf(status).color})`, minWidth: 2 }}
        />
      ))}
    </div>
  );
}

/** Without statistics (`knowsPast`) only what is there now is known. */
export function LanguagesTable({ lines, knowsPast }: { lines: LanguageLine[]; knowsPast: boolean }) {
  if (lines.length === 0) return <Quiet>{knowsPast ? 'Nothing ran.' : 'Nothing runs or waits now.'}</Quiet>;
  return (
    <Table
      label="Languages"
      head={
        <>
          <th className={cx(TH, 'text-left')}>Language</th>
          <th className={cx(TH, 'text-right')}>Active</th>
          <th className={cx(TH, 'text-right')}>Waiting</th>
          <th className={cx(TH, 'text-right')}>Finished</th>
          <th className={cx(TH, 'text-right')}>Success</th>
          <th className={cx(TH, 'hidden w-1/4 text-left sm:table-cell')}>Outcomes</th>
        </>
      }
    >
      {lines.map((line) => (
        <tr key={line.name} className="border-t border-line">
          <th scope="row" className={cx(TD, 'max-w-40 truncate text-left font-normal')}>
            {shownName(line.name)}
          </th>
          <td className={cx(TD, 'text-right', line.active === 0 && 'text-muted')}>{count(line.active)}</td>
          <td className={cx(TD, 'text-right', line.waiting === 0 && 'text-muted')}>{count(line.waiting)}</td>
          <td className={cx(TD, 'text-right')}>{knowsPast ? count(line.finished) : '–'}</td>
          <td className={cx(TD, 'text-right')}>{percent(line.successShare)}</td>
          <td className={cx(TD, 'hidden sm:table-cell')}>{knowsPast ? <Shares line={line} /> : '–'}</td>
        </tr>
      ))}
    </Table>
  );
}
