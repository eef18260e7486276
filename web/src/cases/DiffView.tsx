// SPDX-License-Identifier: MIT
import { useMemo } from 'react';
import type { CompareMode } from '../api/types';
import { plural } from '../lib/format';
import { visible } from '../lib/paper';
import { cx } from '../ui/cx';
import { diffLines, partsOf, type DiffRow, type Side } from './diffLines';

/** White space and what cannot be seen decides here as well, so it is made to be seen. */
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

function shown(text: string): string {
  return text.replaceAll(' ', '·').replaceAll('\t', '→\t').replaceAll('\u00a0', '⍽').replace(UNSEEN, visible);
}

function Cell({ side, other, tone }: { side: Side | null; other: Side | null; tone: 'good' | 'bad' | null }) {
  const ground = tone === 'good' ? 'bg-good-soft' : tone === 'bad' ? 'bg-bad-soft' : '';
  const mark = tone === 'good' ? 'bg-good/30' : 'bg-bad/30';
  return (
    <>
      <td className={cx('px-2 text-right text-muted select-none', ground)}>{side?.number}</td>
      <td className={cx('py-px pr-2 break-words whitespace-pre-wrap', ground)}>
        {side &&
          (tone === null ? (
            <span className="text-muted">{side.text.slice(0, 400)}</span>
          ) : side.text === '' ? (
            <span className="text-muted italic">empty line</span>
          ) : (
            partsOf(side.text, other?.text ?? null).map((part, index) => (
              <span key={index} className={part.isDifferent && other ? cx('rounded-xs', mark) : undefined}>
                {shown(part.text)}
              </span>
            ))
          ))}
        {!side && <span className="sr-only">nothing</span>}
      </td>
    </>
  );
}

function Line({ row }: { row: DiffRow }) {
  if (row.kind === 'gap') {
    return (
      <tr>
        <td colSpan={4} className="bg-raised py-0.5 text-center font-sans text-[11.5px] text-muted">
          {plural(row.count, 'identical line')}
        </td>
      </tr>
    );
  }
  const isChanged = row.kind === 'changed';
  return (
    <tr className="align-top">
      <Cell side={row.expected} other={row.printed} tone={isChanged ? 'good' : null} />
      <Cell side={row.printed} other={row.expected} tone={isChanged ? 'bad' : null} />
    </tr>
  );
}

/** What was expected beside what was printed. */
export function DiffView({
  expected,
  printed,
  mode,
  tolerance,
}: {
  expected: string;
  printed: string;
  mode: CompareMode;
  tolerance: number;
}) {
  const diff = useMemo(() => diffLines(expected, printed, mode, tolerance), [expected, printed, mode, tolerance]);
  return (
    <div className="flex flex-col gap-1">
      {/* It scrolls: the keyboard has to get there. */}
      <div
        role="group"
        aria-label="Difference"
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        className="max-h-80 overflow-auto rounded-lg border border-line bg-sunken"
      >
        <table className="w-full table-fixed border-collapse font-mono text-[12px] leading-[18px]">
          <colgroup>
            <col className="w-10" />
            <col />
            <col className="w-10" />
            <col />
          </colgroup>
          <thead>
            <tr className="sticky top-0 bg-raised text-left font-sans text-[11.5px] text-muted">
              <th scope="col" colSpan={2} className="px-2 py-1 font-semibold">
                Expected
              </th>
              <th scope="col" colSpan={2} className="px-2 py-1 font-semibold">
                Printed
              </th>
            </tr>
          </thead>
          <tbody>
            {diff.rows.map((row, index) => (
              <Line key={index} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      {diff.isCut && <p className="text-[12px] text-muted">Only the beginning is compared here; there is more.</p>}
    </div>
  );
}
