// SPDX-License-Identifier: MIT
import { CircleAlert } from 'lucide-react';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { useLanguages } from '../api/languages';
import type { Job, Status } from '../api/types';
import { CaseResults } from '../cases/CaseResults';
import { textOf } from '../lib/encoded';
import { useRun, type RunStore } from '../run/run';
import { cx } from '../ui/cx';
import { Tabs, type TabItem } from '../ui/Tabs';
import { parseCompileMessages, type CompileMessage } from './compileMessages';
import { Connection } from './Connection';
import { Details } from './Details';
import { Figures } from './Figures';
import { OutputView } from './OutputView';
import { troubleOf } from './problemText';
import { StaleNote } from './StaleNote';
import { Stepper } from './Stepper';
import { TimelineView } from './TimelineChart';
import { Verdict } from './Verdict';

type TabName = 'output' | 'tests' | 'details' | 'timeline';

const PLACE = 'results';

/** Of the compiler, or, where the program ended by an error, what its runtime said of a line. */
function messagesOf(job: Job | null, language: string): CompileMessage[] {
  if (!job) return [];
  const compiler = parseCompileMessages(textOf(job.compile_output, job.compile_output_encoding), language);
  if (job.status !== 'RUNTIME_ERROR') return compiler;
  const tail = textOf(job.stderr, job.stderr_encoding).slice(-64 * 1024);
  return [...parseCompileMessages(tail, language), ...compiler];
}

function defaultTab(run: RunStore): TabName {
  const hasTests = (run.request?.test_cases?.length ?? 0) > 0 || run.cases.length > 0;
  const isWithoutRun = run.status === 'COMPILATION_ERROR' || run.status === 'INTERNAL_ERROR';
  return hasTests && !isWithoutRun ? 'tests' : 'output';
}

function titleOf(name: TabName, run: RunStore): ReactNode {
  if (name === 'output') return 'Output';
  if (name === 'details') return 'Details';
  if (name === 'timeline') return 'Timeline';
  const total = Math.max(run.request?.test_cases?.length ?? 0, run.cases.length);
  const passed = run.cases.filter((one) => one.status === 'SUCCESS').length;
  return (
    <>
      Tests{' '}
      <span className="tabular-nums">
        {passed}/{total}
      </span>
    </>
  );
}

function Trouble({ error, isShown }: { error: unknown; isShown: boolean }) {
  const { title, text } = troubleOf(error, isShown);
  return (
    <div className="flex items-start gap-2.5 text-[13px]">
      <CircleAlert size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-bad" />
      <div>
        <h2 className="font-semibold">{title}</h2>
        <p className="text-muted">{text}</p>
      </div>
    </div>
  );
}

function Live({ run, isCompiled }: { run: RunStore; isCompiled: boolean }) {
  const status: Status = run.status ?? 'QUEUED';
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
      <Stepper status={status} isCompiled={isCompiled || status === 'COMPILING'} begunAt={run.begunAt} />
      {run.phase === 'following' && <Connection transport={run.transport} />}
    </div>
  );
}

export default function RunView() {
  const run = useRun();
  const language = run.job?.language ?? run.request?.language ?? '';
  const isCompiled = useLanguages((state) => state.languages?.find((one) => one.name === language)?.compiled ?? false);
  const messages = useMemo(() => messagesOf(run.job, language), [run.job, language]);
  const [chosen, setChosen] = useState<TabName | null>(null);

  /* a choice is for one run: the next one shows first what matters of it */
  useEffect(() => setChosen(null), [run.id, run.begunAt]);

  const hasTests = (run.request?.test_cases?.length ?? 0) > 0 || run.cases.length > 0;
  const names: TabName[] = [
    'output',
    ...(hasTests ? (['tests'] as const) : []),
    ...(run.job ? (['details', 'timeline'] as const) : []),
  ];
  const active = chosen !== null && names.includes(chosen) ? chosen : defaultTab(run);
  const items: TabItem<TabName>[] = names.map((name) => ({ name, label: titleOf(name, run) }));
  const isLost = run.phase === 'failed' && run.chunks.length === 0;

  return (
    <div className="run-view @container flex min-h-0 flex-1 flex-col overflow-y-auto">
      <div className="run-head flex shrink-0 flex-col gap-3 border-b border-line px-3 py-2.5">
        {run.job ? (
          <>
            <Verdict job={run.job} language={language} />
            <Figures measured={run.job} limits={run.job.limits ?? null} isCancelled={run.job.status === 'CANCELLED'} />
          </>
        ) : run.phase === 'failed' ? (
          <Trouble error={run.error} isShown={run.request === null} />
        ) : (
          <Live run={run} isCompiled={isCompiled} />
        )}
        {run.isInputLost && (
          <p className="text-[12.5px] text-warn">
            Some of your input never reached the program: it was too much at once.
          </p>
        )}
      </div>
      {!isLost && (
        <>
          <div className="flex shrink-0 items-center overflow-x-auto border-b border-line px-2 py-1">
            <Tabs id={PLACE} label="Result" items={items} active={active} onChange={setChosen} />
            <StaleNote />
          </div>
          <div
            role="tabpanel"
            id={`${PLACE}-${active}`}
            aria-labelledby={`${PLACE}-${active}-tab`}
            // Where there is no room for all, the pane scrolls: the log has a least height (Console.tsx).
            className={cx('flex flex-1 flex-col', active !== 'output' && 'min-h-40')}
          >
            {active === 'output' && <OutputView key={run.begunAt} run={run} messages={messages} />}
            {active === 'tests' && (
              <CaseResults
                key={run.begunAt}
                request={run.request}
                results={run.cases}
                status={run.status}
                limits={run.job?.limits ?? null}
                language={language}
              />
            )}
            {active === 'details' && run.job && <Details job={run.job} />}
            {active === 'timeline' && run.job && <TimelineView id={run.job.id} />}
          </div>
        </>
      )}
    </div>
  );
}
