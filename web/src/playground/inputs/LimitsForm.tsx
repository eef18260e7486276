// SPDX-License-Identifier: MIT
import { useEffect, useId, useRef, useState } from 'react';
import { ApiProblem } from '../../api/client';
import { complaintOf } from '../../api/problems';
import type { Language } from '../../api/types';
import { OUTPUT_DEFAULT_KB } from '../../draft/submission';
import { NO_LIMITS, useWorkspace, type Draft, type LimitDraft } from '../../draft/workspace';
import { useRun } from '../../run/run';
import { cx } from '../../ui/cx';
import { CONTROL } from '../../ui/Field';
import { useView } from '../layout/view';
import { countLimits, formatLimit, parseLimit, USUAL_UNIT, type LimitKind } from './limits';

interface Row {
  name: keyof LimitDraft;
  label: string;
  kind: LimitKind;
  /** The server's name of it. */
  field: string;
  usual: (language: Language | null) => number | undefined;
  about: string;
}

const ROWS: Row[] = [
  {
    name: 'timeMs',
    label: 'Time',
    kind: 'time',
    field: 'time_limit_ms',
    usual: (language) => language?.limits?.time_limit_ms,
    about: 'Elapsed time and CPU time',
  },
  {
    name: 'memoryKb',
    label: 'Memory',
    kind: 'memory',
    field: 'memory_limit_kb',
    usual: (language) => language?.limits?.memory_limit_kb,
    about: 'All processes together',
  },
  {
    name: 'processes',
    label: 'Processes',
    kind: 'count',
    field: 'process_limit',
    usual: (language) => language?.limits?.process_limit,
    about: 'Including threads',
  },
  {
    name: 'outputKb',
    label: 'Output',
    kind: 'output',
    field: 'output_limit_kb',
    // The language's is the most that may be asked for.
    usual: (language) => Math.min(OUTPUT_DEFAULT_KB, language?.limits?.output_limit_kb ?? OUTPUT_DEFAULT_KB),
    about: 'For stdout and stderr each',
  },
];

export function LimitsForm({ draft, language }: { draft: Draft; language: Language | null }) {
  const edit = useWorkspace((state) => state.edit);
  const isChanged = countLimits(draft) > 0;
  const form = useRef<HTMLDivElement>(null);

  function write(row: Row, text: string) {
    const value = parseLimit(row.kind, text);
    edit(({ limits, badLimits }) => {
      const others = Object.fromEntries(Object.entries(badLimits).filter(([name]) => name !== row.name));
      return {
        limits: { ...limits, [row.name]: value ?? null },
        badLimits: value === undefined ? { ...others, [row.name]: text } : others,
      };
    });
  }

  return (
    <div ref={form} className="@container overflow-y-auto p-4">
      <div className="grid grid-cols-1 gap-x-4 gap-y-3 @xs:grid-cols-2 @2xl:grid-cols-4">
        {ROWS.map((row) => (
          <LimitField
            key={row.name}
            row={row}
            value={draft.limits[row.name]}
            bad={draft.badLimits[row.name]}
            usual={row.usual(language)}
            onChange={(text) => write(row, text)}
          />
        ))}
      </div>
      {isChanged && (
        <button
          type="button"
          className="mt-3 text-[12.5px] text-muted underline underline-offset-2 hover:text-ink"
          onClick={() => {
            edit({ limits: NO_LIMITS, badLimits: {} });
            // This button goes away.
            form.current?.querySelector('input')?.focus();
          }}
        >
          Reset to defaults
        </button>
      )}
    </div>
  );
}

/** What the server said about this field of the latest submission. */
function useRefusal(field: string, value: number | null): string | null {
  const error = useRun((run) => run.error);
  const sent = useRun((run) => run.request as Record<string, unknown> | null);
  if (!(error instanceof ApiProblem) || error.problem.field !== field || sent?.[field] !== value) return null;
  return complaintOf(error).text;
}

function LimitField({
  row: { name, label, kind, about, field },
  value,
  bad,
  usual,
  onChange,
}: {
  row: Row;
  value: number | null;
  /** What is written in it and is no limit. */
  bad: string | undefined;
  usual: number | undefined;
  onChange: (text: string) => void;
}) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const isWanted = useView((state) => state.wrongLimit === name);
  const [written, setWritten] = useState('');
  const refusal = useRefusal(field, value);
  const unit = USUAL_UNIT[kind];
  // What one writes oneself stays as it is written, until another draft comes in its place.
  const usualText = value === null ? '' : formatLimit(kind, value);
  const text = bad ?? (parseLimit(kind, written) === value ? written : usualText);

  useEffect(() => {
    if (!isWanted) return;
    input.current?.focus();
    input.current?.select();
    useView.setState({ wrongLimit: null });
  }, [isWanted]);

  const problem =
    bad === undefined
      ? refusal
      : `Enter a number above zero${unit ? `, such as ${kind === 'time' ? '2 s' : `64 ${unit}`}` : ''}.`;
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="text-[12px] font-medium text-muted">
        {label}
      </label>
      <input
        ref={input}
        id={id}
        value={text}
        inputMode={kind === 'count' ? 'numeric' : 'text'}
        autoComplete="off"
        spellCheck={false}
        placeholder={usual === undefined ? '' : formatLimit(kind, usual)}
        aria-invalid={problem !== null}
        aria-describedby={`${id}-about`}
        className={cx(CONTROL, 'w-full tabular-nums', problem !== null && 'border-bad')}
        onChange={(event) => {
          setWritten(event.target.value);
          onChange(event.target.value);
        }}
        onBlur={() => setWritten(usualText)}
      />
      <p id={`${id}-about`} className={cx('text-[12px]', problem === null ? 'text-muted' : 'text-bad')}>
        {problem ?? about}
      </p>
    </div>
  );
}
