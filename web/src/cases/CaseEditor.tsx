// SPDX-License-Identifier: MIT
import { ArrowDown, ArrowUp, ChevronRight, ClipboardPaste, Copy, Plus, Trash2 } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { ApiProblem } from '../api/client';
import { complaintOf } from '../api/problems';
import type { CompareMode } from '../api/types';
import { currentDraft, useWorkspace, type CaseDraft, type Draft } from '../draft/workspace';
import { count, plural } from '../lib/format';
import { shownName } from '../lib/visible';
import { useRun } from '../run/run';
import { Button, IconButton } from '../ui/Button';
import { cx } from '../ui/cx';
import { Input, Select } from '../ui/Field';
import './cases.css';
import { duplicated, edited, emptyCase, moved, without, withPasted } from './caseList';
import { MOST_PASTED, parseCases } from './parseCases';

const MODES: [mode: CompareMode, title: string, means: string][] = [
  ['trailing', 'Lines', 'Trailing spaces and blank lines are ignored.'],
  ['exact', 'Exact', 'Every byte must match.'],
  ['tokens', 'Words', 'Words must match; white space between them is ignored.'],
  ['float', 'Numbers', 'As Words, but numbers may differ by the tolerance, absolute or relative.'],
];

const TALLEST = 240;

/** As high as its text, within reason. */
function GrowingText({
  label,
  value,
  problem = null,
  isName = false,
  placeholder,
  onChange,
}: {
  label: string;
  value: string;
  /** Why the server did not take it. */
  problem?: string | null;
  /** One paragraph, and not code. */
  isName?: boolean;
  placeholder?: string;
  onChange: (value: string) => void;
}) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(TALLEST, element.scrollHeight + 2)}px`;
  }, [value]);
  return (
    <div className={cx('min-w-0', isName && 'flex-1')}>
      <textarea
        ref={field}
        aria-label={label}
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : id}
        value={value}
        rows={isName ? 1 : 3}
        placeholder={placeholder}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        className={cx(
          'block w-full resize-none rounded-md border border-edge bg-sunken px-2 text-[12.5px] leading-[18px] text-ink hover:border-muted aria-invalid:border-bad',
          isName ? 'py-1 font-semibold break-words placeholder:text-ink' : 'case-text py-1.5 font-mono',
        )}
        onKeyDown={(event) => isName && event.key === 'Enter' && event.preventDefault()}
        onChange={(event) => onChange(event.target.value)}
      />
      {problem !== null && (
        <p id={id} className="pt-0.5 text-[12px] text-bad">
          {problem}
        </p>
      )}
    </div>
  );
}

interface Refusal {
  key: string;
  /** As the server names it. */
  part: string;
  text: string;
  error: ApiProblem;
}

/** What the server said against a case, as long as it stands as it was sent. */
function useRefusal(cases: readonly CaseDraft[]): Refusal | null {
  const error = useRun((run) => run.error);
  const sent = useRun((run) => run.request?.test_cases);
  if (!(error instanceof ApiProblem)) return null;
  const [, index = '', part = ''] = /^test_cases\[(\d+)\]\.?(\w*)/.exec(error.problem.field ?? '') ?? [];
  const one = cases[Number(index || Number.NaN)];
  const was = sent?.[Number(index)];
  if (!one || !was) return null;
  if (one.name !== (was.name ?? '') || one.stdin !== was.stdin || one.expected !== was.expected_output) return null;
  return { key: one.key, part, text: complaintOf(error).text, error };
}

/** Each leads to its case once. */
const shown = new WeakSet<ApiProblem>();

/** The beginning of a text, on one line. */
const glance = (text: string) => text.slice(0, 80).trim().replace(/\s+/g, ' ');

function CaseCard({
  one,
  index,
  isFirst,
  isLast,
  isOpen,
  refusal,
  change,
  onToggle,
  onDuplicate,
  onRemove,
}: {
  one: CaseDraft;
  index: number;
  isFirst: boolean;
  isLast: boolean;
  isOpen: boolean;
  refusal: Refusal | null;
  change: (edit: (cases: CaseDraft[]) => CaseDraft[]) => void;
  onToggle: () => void;
  onDuplicate: () => void;
  onRemove: () => void;
}) {
  const name = shownName(one.name) || `test ${index + 1}`;
  const set = (part: Partial<CaseDraft>) => change((cases) => edited(cases, one.key, part));
  const problemOf = (part: string) => (refusal?.part === part ? refusal.text : null);
  return (
    <li className="rounded-lg border border-line" aria-label={name}>
      <div className={cx('flex items-start gap-0.5', isOpen && 'px-1 pt-0.5')}>
        <button
          type="button"
          data-toggle
          aria-expanded={isOpen}
          aria-label={isOpen ? name : undefined}
          className={cx(
            'flex h-8 min-w-0 items-center gap-1.5 rounded-md px-1.5 text-left text-[13px] -outline-offset-2 hover:bg-raised',
            !isOpen && 'flex-1',
          )}
          onClick={onToggle}
        >
          <ChevronRight
            size={14}
            aria-hidden="true"
            className={cx('shrink-0 text-muted transition-transform', isOpen && 'rotate-90')}
          />
          {!isOpen && (
            <>
              <span className="max-w-1/2 shrink-0 truncate font-semibold">
                {shownName(one.name) || `Test ${index + 1}`}
              </span>
              <span className="min-w-0 truncate font-mono text-[12px] text-muted">
                {glance(one.stdin)} <span aria-label="gives">→</span> {glance(one.expected)}
              </span>
            </>
          )}
        </button>
        {isOpen && (
          <>
            <GrowingText
              label={`Name of test ${index + 1}`}
              value={one.name}
              isName
              placeholder={`Test ${index + 1}`}
              problem={problemOf('name')}
              onChange={(text) => set({ name: text.replace(/[\r\n]+/g, ' ') })}
            />
            <IconButton
              label={`Move ${name} up`}
              className="size-7"
              aria-disabled={isFirst}
              icon={<ArrowUp size={14} />}
              onClick={() => !isFirst && change((cases) => moved(cases, one.key, -1))}
            />
            <IconButton
              label={`Move ${name} down`}
              className="size-7"
              aria-disabled={isLast}
              icon={<ArrowDown size={14} />}
              onClick={() => !isLast && change((cases) => moved(cases, one.key, 1))}
            />
            <IconButton
              label={`Duplicate ${name}`}
              className="size-7"
              icon={<Copy size={14} />}
              onClick={onDuplicate}
            />
            <IconButton
              label={`Remove ${name}`}
              className="size-7 hover:text-bad"
              icon={<Trash2 size={14} />}
              onClick={onRemove}
            />
          </>
        )}
      </div>
      {isOpen && (
        <div className="case px-2 pb-1 text-[12px] leading-4 text-muted">
          <span aria-hidden="true">Input</span>
          <GrowingText
            label={`Input of ${name}`}
            value={one.stdin}
            problem={problemOf('stdin')}
            onChange={(stdin) => set({ stdin })}
          />
          <span aria-hidden="true">Expected output</span>
          <GrowingText
            label={`Expected output of ${name}`}
            value={one.expected}
            problem={problemOf('expected_output')}
            onChange={(expected) => set({ expected })}
          />
          {refusal && !PARTS.includes(refusal.part) && <p className="case-whole text-bad">{refusal.text}</p>}
        </div>
      )}
    </li>
  );
}

/** Which the server may name, and which have a field here. */
const PARTS = ['name', 'stdin', 'expected_output'];

/** Text while it is typed; a number when it is one. */
function ToleranceField({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  const [text, setText] = useState(String(value));
  const number = text.trim() === '' ? Number.NaN : Number(text);
  const isGood = Number.isFinite(number) && number >= 0 && number <= 1;
  useEffect(() => setText((old) => (Number(old) === value ? old : String(value))), [value]);
  return (
    <label className="flex items-center gap-2 text-[12.5px] text-muted">
      Tolerance
      <Input
        inputMode="decimal"
        value={text}
        aria-invalid={!isGood}
        className="w-24 font-mono aria-invalid:border-bad"
        onChange={(event) => {
          const next = event.target.value;
          setText(next);
          const changed = Number(next);
          if (next.trim() !== '' && Number.isFinite(changed) && changed >= 0 && changed <= 1) onChange(changed);
        }}
      />
      {!isGood && <span className="text-bad">a number from 0 to 1</span>}
    </label>
  );
}

function CompareSettings({ draft, edit }: { draft: Draft; edit: (change: Partial<Draft>) => void }) {
  const id = useId();
  const means = MODES.find(([mode]) => mode === draft.compare)?.[2];
  return (
    <>
      <label className="flex items-center gap-2 text-[12.5px] text-muted">
        Compare
        <Select
          value={draft.compare}
          aria-describedby={id}
          onChange={(event) => {
            const mode = MODES.find(([name]) => name === event.target.value)?.[0];
            if (mode) edit({ compare: mode });
          }}
        >
          {MODES.map(([mode, title]) => (
            <option key={mode} value={mode}>
              {title}
            </option>
          ))}
        </Select>
      </label>
      {draft.compare === 'float' && (
        <ToleranceField value={draft.tolerance} onChange={(tolerance) => edit({ tolerance })} />
      )}
      <label className="flex items-center gap-2 text-[12.5px] text-muted">
        <input
          type="checkbox"
          checked={draft.stopAtFirst}
          className="size-3.5 accent-accent"
          onChange={(event) => edit({ stopAtFirst: event.target.checked })}
        />
        Stop at the first failure
      </label>
      <p id={id} className="text-[12px] text-muted">
        {means}
      </p>
    </>
  );
}

/** Where cases are pasted as a judge gives them. */
function PasteField({ onCases, onClose }: { onCases: (text: string) => number; onClose: () => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState('');
  const [isNone, setNone] = useState(false);
  useEffect(() => field.current?.focus(), []);

  function take() {
    if (onCases(text) > 0) onClose();
    else setNone(true);
  }
  return (
    <div className="flex flex-col gap-2 rounded-lg border border-line p-2">
      <textarea
        ref={field}
        aria-label="Test cases to paste"
        value={text}
        rows={5}
        spellCheck={false}
        placeholder={'Input\n1 2\nOutput\n3'}
        className="w-full rounded-md border border-edge bg-sunken px-2 py-1.5 font-mono text-[12.5px] text-ink placeholder:text-muted"
        onChange={(event) => {
          setText(event.target.value);
          setNone(false);
        }}
        onKeyDown={(event) => event.key === 'Escape' && onClose()}
      />
      <p role="status" className="text-[12px] text-muted">
        {isNone ? (
          <span className="text-bad">
            {text.length > MOST_PASTED
              ? `This is too long: up to ${count(MOST_PASTED)} characters are read. `
              : 'No test cases found in this. '}
          </span>
        ) : (
          'With headings “Input” and “Output”, as in a problem statement, or as JSON.'
        )}
      </p>
      <div className="flex gap-2">
        <Button className="h-7" disabled={text.trim() === ''} onClick={take}>
          Add tests
        </Button>
        <Button className="h-7" kind="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

/** The test cases of what is being written: one at a time is open, so that hundreds are not in the way of each other. */
export function CaseEditor() {
  const draft = useWorkspace(currentDraft);
  const edit = useWorkspace((state) => state.edit);
  const [isPasting, setPasting] = useState(false);
  const [said, setSaid] = useState('');
  const [opened, open] = useState<string | null>(() => draft?.cases[0]?.key ?? null);
  const place = useRef<HTMLElement>(null);
  const refusal = useRefusal(draft?.cases ?? []);
  const [refused, error] = [refusal?.key, refusal?.error];
  useEffect(() => {
    if (!refused || !error || shown.has(error)) return;
    shown.add(error);
    open(refused);
    requestAnimationFrame(() => place.current?.querySelector<HTMLElement>('li [aria-invalid=true]')?.focus());
  }, [refused, error]);
  if (!draft) return null;

  const { cases } = draft;
  const change = (how: (cases: CaseDraft[]) => CaseDraft[]) => {
    setSaid('');
    edit((old) => ({ cases: how(old.cases) }));
  };
  /** When it is drawn. */
  const focus = (selector: string) =>
    requestAnimationFrame(() => place.current?.querySelector<HTMLElement>(selector)?.focus());
  const inCard = (index: number, selector: string) => `li:nth-child(${index + 1}) ${selector}`;

  function add() {
    const one = emptyCase();
    change((old) => [...old, one]);
    open(one.key);
    focus(inCard(cases.length, '.case-text'));
  }

  function duplicate(index: number) {
    change((old) => duplicated(old, old[index]?.key ?? ''));
    const copy = currentDraft(useWorkspace.getState())?.cases[index + 1];
    if (copy) open(copy.key);
    focus(inCard(index + 1, '.case-text'));
  }

  function remove(index: number) {
    change((old) => without(old, old[index]?.key ?? ''));
    const left = cases.length - 1;
    focus(left > 0 ? inCard(Math.min(index, left - 1), '[data-toggle]') : '[data-add]');
  }

  function paste(text: string): number {
    const pasted = parseCases(text);
    if (pasted.length > 0) {
      change((old) => withPasted(old, pasted));
      setSaid(`${plural(pasted.length, 'test')} added.`);
    }
    return pasted.length;
  }

  function closePaste() {
    setPasting(false);
    focus('[data-paste]');
  }

  return (
    <section ref={place} aria-label="Test cases" className="cases @container flex flex-col gap-1.5 px-3 py-2">
      {cases.length === 0 && !isPasting && (
        <p className="text-[13px] text-muted">
          Each test gives the program an input and compares its output with what is expected.
        </p>
      )}
      <div className="flex flex-wrap items-center gap-x-3">
        <Button data-add icon={<Plus size={14} aria-hidden="true" />} onClick={add}>
          Add a test
        </Button>
        <Button
          kind="quiet"
          data-paste
          aria-expanded={isPasting}
          icon={<ClipboardPaste size={14} aria-hidden="true" />}
          onClick={() => setPasting(!isPasting)}
        >
          Paste tests
        </Button>
        {cases.length > 0 && <CompareSettings draft={draft} edit={edit} />}
        <span role="status" className="text-[12px] text-muted">
          {said}
        </span>
      </div>
      {isPasting && <PasteField onCases={paste} onClose={closePaste} />}
      {cases.length > 0 && (
        <ul className="flex flex-col gap-1">
          {cases.map((one, index) => (
            <CaseCard
              key={one.key}
              one={one}
              index={index}
              isFirst={index === 0}
              isLast={index === cases.length - 1}
              isOpen={one.key === opened}
              refusal={refusal?.key === one.key ? refusal : null}
              change={change}
              onToggle={() => open(one.key === opened ? null : one.key)}
              onDuplicate={() => duplicate(index)}
              onRemove={() => remove(index)}
            />
          ))}
        </ul>
      )}
    </section>
  );
}
