// SPDX-License-Identifier: MIT
import { ClipboardPaste, Plus } from 'lucide-react';
import { useRef, useState } from 'react';
import { currentDraft, useWorkspace, type CaseDraft } from '../draft/workspace';
import { plural } from '../lib/format';
import { Button } from '../ui/Button';
import { CaseCard } from './CaseCard';
import { duplicated, emptyCase, withPasted, without } from './caseList';
import './cases.css';
import { CompareSettings } from './CompareSettings';
import { parseCases } from './parseCases';
import { PasteField } from './PasteField';
import { useNewRefusal, useRefusal } from './refusal';

/** The test cases of what is being written: one at a time is open, so that hundreds are not in the way of each other. */
export function CaseEditor() {
  const draft = useWorkspace(currentDraft);
  const edit = useWorkspace((state) => state.edit);
  const [isPasting, setPasting] = useState(false);
  const [said, setSaid] = useState('');
  const [opened, open] = useState<string | null>(() => draft?.cases[0]?.key ?? null);
  const place = useRef<HTMLElement>(null);
  /** When it is drawn. */
  const focus = (selector: string) =>
    requestAnimationFrame(() => place.current?.querySelector<HTMLElement>(selector)?.focus());
  const refusal = useRefusal(draft?.cases ?? []);
  useNewRefusal(refusal, (key) => {
    open(key);
    focus('li [aria-invalid=true]');
  });
  if (!draft) return null;

  const { cases } = draft;
  const change = (how: (cases: CaseDraft[]) => CaseDraft[]) => {
    setSaid('');
    edit((old) => ({ cases: how(old.cases) }));
  };
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
