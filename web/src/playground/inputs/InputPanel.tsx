// SPDX-License-Identifier: MIT
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import { ApiProblem } from '../../api/client';
import type { Language } from '../../api/types';
import { useWorkspace, type Draft } from '../../draft/workspace';
import { useRun } from '../../run/run';
import { Panel } from '../../ui/Panel';
import { Tabs, type TabItem } from '../../ui/Tabs';
import { useView } from '../layout/view';
import { countLimits, withTyping } from './limits';
import { StdinField } from './StdinField';
import { Switch } from './Switch';

const ArgumentsField = lazy(() => import('./ArgumentsField').then((module) => ({ default: module.ArgumentsField })));
const LimitsForm = lazy(() => import('./LimitsForm').then((module) => ({ default: module.LimitsForm })));
const CaseEditor = lazy(() => import('../../cases/CaseEditor').then((module) => ({ default: module.CaseEditor })));

type Name = 'input' | 'arguments' | 'limits' | 'tests';

const ID = 'inputs';

const isOf = (part: RegExp, error: unknown): boolean =>
  error instanceof ApiProblem && part.test(error.problem.field ?? '');

/** How many there are, or that there is something. */
function Label({ text, count }: { text: string; count: number }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      {text}
      {count > 0 && (
        <span className="rounded-full bg-line px-1.5 text-[11px] leading-4 font-medium text-ink tabular-nums">
          {count}
        </span>
      )}
    </span>
  );
}

function Pane({ name, active, children }: { name: Name; active: Name; children: ReactNode }) {
  if (name !== active) return null;
  return (
    <div
      id={`${ID}-${name}`}
      role="tabpanel"
      aria-labelledby={`${ID}-${name}-tab`}
      className="flex min-h-0 flex-1 flex-col"
    >
      <Suspense fallback={<div aria-busy="true" />}>{children}</Suspense>
    </div>
  );
}

export function InputPanel({ draft, language }: { draft: Draft; language: Language | null }) {
  const edit = useWorkspace((state) => state.edit);
  const [active, setActive] = useState<Name>(draft.isTesting ? 'tests' : 'input');
  const hasCases = draft.cases.length > 0;
  const hadCases = useRef(hasCases);

  // Whoever writes the first test wants to run it.
  useEffect(() => {
    if (hasCases && !hadCases.current && !draft.isTesting) edit({ isTesting: true });
    hadCases.current = hasCases;
  }, [hasCases, draft.isTesting, edit]);

  // A limit keeps it from running: before it was sent, or when the server read it.
  const isLimitWrong = useView((state) => state.wrongLimit !== null);
  const isLimitRefused = useRun(({ error, request }) => request?.language === language?.name && isOf(/_limit/, error));
  const isCaseRefused = useRun(
    ({ error, request }) => request?.language === language?.name && isOf(/^test_cases/, error),
  );
  useEffect(() => {
    if (isLimitWrong || isLimitRefused) setActive('limits');
  }, [isLimitWrong, isLimitRefused]);

  useEffect(() => {
    if (isCaseRefused) setActive('tests');
  }, [isCaseRefused]);

  // An example or a shared run came with tests.
  useEffect(() => {
    if (draft.isTesting) setActive('tests');
  }, [draft.isTesting]);

  const items: TabItem<Name>[] = [
    { name: 'input', label: <Label text="Input" count={0} /> },
    { name: 'arguments', label: <Label text="Arguments" count={draft.args.length} /> },
    { name: 'limits', label: <Label text="Limits" count={countLimits(draft)} /> },
    { name: 'tests', label: <Label text="Tests" count={draft.cases.length} /> },
  ];
  return (
    <Panel
      label="Input"
      className="h-full"
      wraps
      head={<Tabs id={ID} label="Program input" items={items} active={active} onChange={setActive} />}
      actions={
        active === 'input' ? (
          <Switch
            label="Type while it runs"
            isOn={draft.isInteractive}
            isDisabled={draft.isTesting && hasCases}
            onChange={(isInteractive) => edit((now) => withTyping(now, isInteractive))}
          />
        ) : active === 'tests' ? (
          <Switch label="Run the tests" isOn={draft.isTesting} onChange={(isTesting) => edit({ isTesting })} />
        ) : null
      }
    >
      <Pane name="input" active={active}>
        {draft.isTesting && hasCases && (
          <p className="border-b border-line bg-sunken px-4 py-1.5 text-[12px] text-muted">
            Run executes the tests, each with its own input. This one is not used.
          </p>
        )}
        <StdinField draft={draft} />
      </Pane>
      <Pane name="arguments" active={active}>
        <ArgumentsField draft={draft} />
      </Pane>
      <Pane name="limits" active={active}>
        <LimitsForm draft={draft} language={language} />
      </Pane>
      <Pane name="tests" active={active}>
        <div className="min-h-0 flex-1 overflow-y-auto">
          <CaseEditor />
        </div>
      </Pane>
    </Panel>
  );
}
