// SPDX-License-Identifier: MIT
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { cx } from '../../ui/cx';

export interface MenuItem {
  key: string;
  /** What is typed to get there, too. */
  text: string;
  /** In smaller letters beside or below it. */
  note?: string | undefined;
  isDisabled?: boolean | undefined;
  /** Of a menu that chooses one: whether it is this. */
  isChosen?: boolean | undefined;
  icon?: ReactNode;
  onChoose: () => void;
}

export interface MenuGroup {
  key: string;
  title?: string;
  items: MenuItem[];
}

interface Props {
  label: string;
  /** What is on the button; its text is the button's name. */
  face: ReactNode;
  groups: MenuGroup[];
  /** What is said instead of the items. */
  empty?: string | undefined;
  noteBelow?: boolean;
  className?: string;
}

const TYPED_MS = 700;

/** A button with a menu, by the ARIA pattern: arrows move, letters jump, Escape closes. */
export function Menu({ label, face, groups, empty, noteBelow = false, className }: Props) {
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const typed = useRef({ text: '', at: 0 });
  const [isOpen, setOpen] = useState(false);

  const rows = () => [...(root.current?.querySelectorAll<HTMLElement>('[data-menu-item]') ?? [])];

  useEffect(() => {
    if (!isOpen) return;
    (root.current?.querySelector<HTMLElement>('[aria-checked=true]') ?? rows()[0])?.focus();
    const onPointerDown = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', onPointerDown);
    return () => document.removeEventListener('pointerdown', onPointerDown);
  }, [isOpen]);

  function close() {
    setOpen(false);
    button.current?.focus();
  }

  function jump(letter: string, all: HTMLElement[], from: number) {
    const now = performance.now();
    const text = now - typed.current.at < TYPED_MS ? typed.current.text + letter : letter;
    typed.current = { text, at: now };
    const start = text.length > 1 ? from : from + 1;
    for (let i = 0; i < all.length; i++) {
      const row = all[(start + i + all.length) % all.length];
      if (row?.dataset['text']?.toLowerCase().startsWith(text)) return row.focus();
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    const all = rows();
    const at = all.findIndex((row) => row === document.activeElement);
    if (event.key === 'Escape') close();
    else if (event.key === 'Tab') return setOpen(false);
    else if (event.key === 'ArrowDown') all[(at + 1) % all.length]?.focus();
    else if (event.key === 'ArrowUp') all[(at + all.length - 1) % all.length]?.focus();
    else if (event.key === 'Home') all[0]?.focus();
    else if (event.key === 'End') all.at(-1)?.focus();
    else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      jump(event.key.toLowerCase(), all, at);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div ref={root} className={cx('sm:relative', className)}>
      <button
        ref={button}
        type="button"
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        className={cx(
          'touch inline-flex h-8 max-w-full items-center gap-2 rounded-md border border-line bg-raised px-2.5 text-[13px] whitespace-nowrap',
          'transition-colors hover:border-muted aria-expanded:border-muted',
        )}
        onClick={() => setOpen(!isOpen)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' || isOpen) return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {face}
      </button>
      {isOpen && (
        <div
          id={id}
          role="menu"
          aria-label={label}
          tabIndex={-1}
          className="absolute top-full left-0 z-40 mt-1.5 max-h-[min(32rem,70dvh)] min-w-60 overflow-y-auto max-sm:inset-x-3 sm:w-max rounded-lg border border-line bg-surface p-1.5 shadow-xl shadow-black/25"
          onKeyDown={onKeyDown}
        >
          {groups.map((group) => (
            <div key={group.key} role="group" aria-label={group.title ?? label} className="not-first:mt-1.5">
              {group.title && (
                <div aria-hidden="true" className="px-2 pt-1 pb-0.5 text-[11px] font-medium text-muted">
                  {group.title}
                </div>
              )}
              {group.items.map((item) => (
                <Row
                  key={item.key}
                  item={item}
                  noteBelow={noteBelow}
                  onChoose={() => {
                    close();
                    item.onChoose();
                  }}
                />
              ))}
            </div>
          ))}
          {empty && <p className="px-2 py-1.5 text-[13px] text-muted">{empty}</p>}
        </div>
      )}
    </div>
  );
}

function Row({ item, noteBelow, onChoose }: { item: MenuItem; noteBelow: boolean; onChoose: () => void }) {
  const { text, note, icon, isChosen, isDisabled = false } = item;
  return (
    <button
      type="button"
      data-menu-item
      data-text={text}
      role={isChosen === undefined ? 'menuitem' : 'menuitemradio'}
      aria-checked={isChosen}
      aria-disabled={isDisabled}
      tabIndex={-1}
      className={cx(
        'touch flex w-full items-center gap-2.5 rounded-md px-2 py-1.5 text-left text-[13px] -outline-offset-2',
        isDisabled ? 'cursor-not-allowed text-muted' : 'hover:bg-raised focus:bg-raised',
        isChosen && 'font-semibold',
      )}
      onPointerMove={(event) => event.pointerType === 'mouse' && event.currentTarget.focus()}
      onClick={() => !isDisabled && onChoose()}
    >
      {icon && <span className="flex w-4 shrink-0 justify-center text-muted">{icon}</span>}
      <span className={cx('min-w-0 flex-1', noteBelow ? 'flex flex-col' : 'flex items-baseline gap-6')}>
        <span className={cx(!noteBelow && 'flex-1')}>{text}</span>
        {note && <span className="text-[12px] font-normal text-muted">{note}</span>}
      </span>
    </button>
  );
}
