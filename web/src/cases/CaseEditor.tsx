// SPDX-License-Identifier: MIT
import { ArrowDown, ArrowUp, ClipboardPaste, Copy, Plus, Trash2 } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import type { CompareMode } from '../api/types';
import { currentDraft, useWorkspace, type CaseDraft, type Draft } from '../draft/workspace';
import { count, plural } from '../lib/format';
import { shownName } from '../lib/visible';
import { Button, IconButton } from '../ui/Button';
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
function GrowingText({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(TALLEST, element.scrollHeight + 2)}px`;
  }, [value]);
  return (
    <textarea
      ref={field}
      aria-label={label}
      value={value}
      rows={3}
      spellCheck={false}
      autoCapitalize="off"
      autoComplete="off"
      className="w-full resize-none rounded-md border border-edge bg-sunken px-2 py-1.5 font-mono text-[12.5px] leading-[18px] text-ink hover:border-muted"
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function CaseCard({
  one,
  index,
  isFirst,
  isLast,
  change,
}: {
  one: CaseDraft;
  index: number;
  isFirst: boolean;
  isLast: boolean;
  change: (edit: (cases: CaseDraft[]) => CaseDraft[]) => void;
}) {
  const name = shownName(one.name) || `test ${index + 1}`;
  const set = (part: Partial<CaseDraft>) => change((cases) => edited(cases, one.key, part));
  return (
    <li className="case" aria-label={name}>
      <div className="case-head">
        <input
          aria-label={`Name of test ${index + 1}`}
          value={one.name}
          placeholder={`Test ${index + 1}`}
          className="h-7 min-w-16 flex-1 basis-24 rounded-md border border-transparent bg-transparent px-1.5 text-[13px] font-semibold text-ink placeholder:text-ink hover:border-line focus:border-line"
          onChange={(event) => set({ name: event.target.value })}
        />
        <IconButton
          label={`Move ${name} up`}
          className="size-7"
          disabled={isFirst}
          icon={<ArrowUp size={14} />}
          onClick={() => change((cases) => moved(cases, one.key, -1))}
        />
        <IconButton
          label={`Move ${name} down`}
          className="size-7"
          disabled={isLast}
          icon={<ArrowDown size={14} />}
          onClick={() => change((cases) => moved(cases, one.key, 1))}
        />
        <IconButton
          label={`Duplicate ${name}`}
          className="size-7"
          icon={<Copy size={14} />}
          onClick={() => change((cases) => duplicated(cases, one.key))}
        />
        <IconButton
          label={`Remove ${name}`}
          className="size-7 hover:text-bad"
          icon={<Trash2 size={14} />}
          onClick={() => change((cases) => without(cases, one.key))}
        />
      </div>
      <GrowingText label={`Input of ${name}`} value={one.stdin} onChange={(stdin) => set({ stdin })} />
      <GrowingText
        label={`Expected output of ${name}`}
        value={one.expected}
        onChange={(expected) => set({ expected })}
      />
    </li>
  );
}

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
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
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
    </div>
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

/** The test cases of what is being written. */
export function CaseEditor() {
  const draft = useWorkspace(currentDraft);
  const edit = useWorkspace((state) => state.edit);
  const [isPasting, setPasting] = useState(false);
  const [said, setSaid] = useState('');
  const list = useRef<HTMLUListElement>(null);
  if (!draft) return null;

  const { cases } = draft;
  const change = (how: (cases: CaseDraft[]) => CaseDraft[]) => {
    setSaid('');
    edit((old) => ({ cases: how(old.cases) }));
  };

  function add() {
    change((old) => [...old, emptyCase()]);
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(':scope > li:last-child textarea')?.focus());
  }

  function paste(text: string): number {
    const pasted = parseCases(text);
    if (pasted.length > 0) {
      change((old) => withPasted(old, pasted));
      setSaid(`${plural(pasted.length, 'test')} added.`);
    }
    return pasted.length;
  }

  return (
    <section aria-label="Test cases" className="cases @container flex flex-col gap-2 p-3">
      {cases.length > 0 && <CompareSettings draft={draft} edit={edit} />}
      {cases.length === 0 && !isPasting && (
        <p className="text-[13px] text-muted">
          Each test gives the program an input and compares its output with what is expected.
        </p>
      )}
      {cases.length > 0 && (
        <div className="case-list flex flex-col gap-1">
          <div aria-hidden="true" className="case text-[12px] text-muted">
            <span className="case-head" />
            <span>Input</span>
            <span>Expected output</span>
          </div>
          <ul ref={list} className="flex flex-col gap-2">
            {cases.map((one, index) => (
              <CaseCard
                key={one.key}
                one={one}
                index={index}
                isFirst={index === 0}
                isLast={index === cases.length - 1}
                change={change}
              />
            ))}
          </ul>
        </div>
      )}
      {isPasting && <PasteField onCases={paste} onClose={() => setPasting(false)} />}
      <div className="flex flex-wrap items-center gap-2">
        <Button icon={<Plus size={14} aria-hidden="true" />} onClick={add}>
          Add a test
        </Button>
        {!isPasting && (
          <Button kind="quiet" icon={<ClipboardPaste size={14} aria-hidden="true" />} onClick={() => setPasting(true)}>
            Paste tests
          </Button>
        )}
        <span role="status" className="text-[12px] text-muted">
          {said}
        </span>
      </div>
    </section>
  );
}
