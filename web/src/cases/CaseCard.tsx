// SPDX-License-Identifier: MIT
import { ArrowDown, ArrowUp, ChevronRight, Copy, Trash2 } from 'lucide-react';
import type { CaseDraft } from '../draft/workspace';
import { shownName } from '../lib/visible';
import { IconButton } from '../ui/Button';
import { cx } from '../ui/cx';
import { edited, moved } from './caseList';
import { GrowingText } from './GrowingText';
import type { Refusal } from './refusal';

/** Which the server may name, and which have a field here. */
const PARTS = ['name', 'stdin', 'expected_output'];

/** The beginning of a text, on one line. */
const glance = (text: string) => text.slice(0, 80).trim().replace(/\s+/g, ' ');

/** One case: a line, or open with all that can be changed. */
export function CaseCard({
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
