// SPDX-License-Identifier: MIT
import { ChevronRight, CircleDashed, LoaderCircle } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { CaseResult, Limits, Status, Submission } from '../api/types';
import { textOf } from '../lib/encoded';
import { duration, kilobytes } from '../lib/format';
import { explainCase, limitsOfCase } from '../results/explain';
import { StatusBadge } from '../results/StatusBadge';
import { lookOf } from '../results/status';
import { WithCode } from '../results/WithCode';
import { cx } from '../ui/cx';
import { caseStates, summaryOf, type CaseState } from './caseStates';
import { DiffView } from './DiffView';

const LONGEST_TEXT = 20_000;
const BAR = { good: 'bg-good', warn: 'bg-warn', bad: 'bg-bad', info: 'bg-info animate-pulse', muted: 'bg-line' };

/** A piece for each test. */
function SummaryBar({ states }: { states: readonly CaseState[] }) {
  return (
    <div aria-hidden="true" className="flex h-1.5 min-w-0 flex-1 gap-px overflow-hidden rounded-full bg-raised">
      {states.map((state) => (
        <span
          key={state.index}
          className={cx(
            'min-w-px flex-1 forced-color-adjust-none',
            state.status === null ? 'bg-line' : BAR[lookOf(state.status).tone],
          )}
        />
      ))}
    </div>
  );
}

function Text({ title, text, tone }: { title: string; text: string; tone?: string }) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <p aria-hidden="true" className="text-[11.5px] font-semibold text-muted">
        {title}
      </p>
      {text === '' ? (
        <p className="text-[12px] text-muted italic">nothing</p>
      ) : (
        <pre
          // It scrolls: the keyboard has to get there.
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          aria-label={title}
          role="group"
          className={cx(
            'max-h-48 overflow-auto rounded-lg border border-line bg-sunken px-2.5 py-1.5 font-mono text-[12px] leading-[18px] break-words whitespace-pre-wrap',
            tone,
          )}
        >
          {text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text}
        </pre>
      )}
    </div>
  );
}

function CaseDetails({
  result,
  request,
  language,
  limits,
}: {
  result: CaseResult;
  request: Submission | null;
  language: string;
  limits: Limits | null;
}) {
  const asked = request?.test_cases?.[result.index];
  const compare = request?.compare;
  const expected = asked?.expected_output;
  const hasOutput = result.stdout !== undefined;
  const printed = textOf(result.stdout, result.stdout_encoding);
  const errors = textOf(result.stderr, result.stderr_encoding);
  const wasRun = result.status !== 'CANCELLED';
  const isDiff = result.status === 'WRONG_ANSWER' && hasOutput && expected !== undefined;

  return (
    <div className="flex flex-col gap-3 px-3 pt-1 pb-3 @sm:pl-9">
      <p className="text-[13px]">
        <WithCode text={explainCase(result, language, limitsOfCase(request, result.index, limits))} />
        {result.explanation && <span className="block text-muted">{result.explanation}</span>}
      </p>
      {result.hidden && !hasOutput && (
        <p className="text-[12.5px] text-muted">This test is hidden: its input and output are not shown.</p>
      )}
      {isDiff && (
        <DiffView
          expected={textOf(expected, asked?.expected_output_encoding)}
          printed={printed}
          mode={compare?.mode ?? 'trailing'}
          tolerance={compare?.tolerance ?? 1e-6}
        />
      )}
      {wasRun && hasOutput && (
        <div className="grid gap-3 @lg:grid-cols-2">
          {asked?.stdin !== undefined && <Text title="Input" text={textOf(asked.stdin, asked.stdin_encoding)} />}
          {!isDiff && <Text title="Printed" text={printed} />}
          {errors !== '' && <Text title="stderr" text={errors} tone="text-bad" />}
        </div>
      )}
      {result.stdout_truncated && <p className="text-[12px] text-warn">Only the beginning of its output was kept.</p>}
      {!hasOutput && !result.hidden && <p className="text-[12px] text-muted">Its output comes with the result.</p>}
    </div>
  );
}

function StatusOf({ status }: { status: Status | null }): ReactNode {
  if (status === null) {
    return (
      <span className="inline-flex items-center gap-1.5 text-[11.5px] text-muted">
        <CircleDashed size={12} aria-hidden="true" /> Waiting
      </span>
    );
  }
  if (status === 'RUNNING') {
    return (
      <span className="inline-flex items-center gap-1.5 text-[11.5px] font-semibold text-info">
        <LoaderCircle size={12} aria-hidden="true" className="animate-spin" /> Running
      </span>
    );
  }
  if (status === 'CANCELLED') return <span className="text-[11.5px] text-muted">Not run</span>;
  return <StatusBadge status={status} isSmall />;
}

function CaseRow({
  state,
  isOpen,
  onToggle,
  children,
}: {
  state: CaseState;
  isOpen: boolean;
  onToggle: () => void;
  children: ReactNode;
}) {
  const { result } = state;
  const wasRun = result !== null && result.status !== 'CANCELLED';
  return (
    <li className="border-b border-line last:border-b-0">
      <button
        type="button"
        aria-expanded={isOpen}
        disabled={!result}
        className="flex w-full items-center gap-2 px-3 py-2 text-left -outline-offset-2 enabled:hover:bg-raised"
        onClick={onToggle}
      >
        <ChevronRight
          size={14}
          aria-hidden="true"
          className={cx('shrink-0 text-muted transition-transform', isOpen && 'rotate-90', !result && 'invisible')}
        />
        <span className={cx('min-w-0 flex-1 text-[13px]', isOpen ? 'break-words' : 'truncate')}>
          {state.name}
          {result?.hidden && <span className="text-muted"> (hidden)</span>}
        </span>
        <StatusOf status={state.status} />
        {result && (
          <span className="hidden shrink-0 gap-3 font-mono text-[11.5px] text-muted tabular-nums @sm:flex">
            <span className="w-16 text-right">{wasRun && duration(result.time_used_ms)}</span>
            <span className="w-16 text-right">{wasRun && kilobytes(result.memory_used_kb)}</span>
          </span>
        )}
      </button>
      {isOpen && children}
    </li>
  );
}

/** What became of each test case, as it comes. */
export function CaseResults({
  request,
  results,
  status,
  limits,
  language,
}: {
  request: Submission | null;
  results: readonly CaseResult[];
  status: Status | null;
  limits: Limits | null;
  language: string;
}) {
  const states = caseStates(request, results, status);
  const failed = states.find((state) => state.result && state.status !== 'SUCCESS' && state.status !== 'CANCELLED');
  /* the first that failed is open, until somebody decides otherwise */
  const [toggled, setToggled] = useState<Record<number, boolean>>({});

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex items-center gap-3 border-b border-line px-3 py-2">
        <p className="shrink-0 text-[13px] font-semibold tabular-nums">{summaryOf(states)}</p>
        <SummaryBar states={states} />
      </div>
      <ul aria-label="Test results" className="min-h-0 flex-1 overflow-y-auto">
        {states.map((state) => {
          const isOpen = state.result !== null && (toggled[state.index] ?? state.index === failed?.index);
          return (
            <CaseRow
              key={state.index}
              state={state}
              isOpen={isOpen}
              onToggle={() => setToggled({ ...toggled, [state.index]: !isOpen })}
            >
              {state.result && (
                <CaseDetails result={state.result} request={request} language={language} limits={limits} />
              )}
            </CaseRow>
          );
        })}
      </ul>
    </div>
  );
}
