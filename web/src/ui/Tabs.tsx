// SPDX-License-Identifier: MIT
import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import { cx } from './cx';

export interface TabItem<Name extends string> {
  name: Name;
  label: ReactNode;
}

/** A row of tabs by the ARIA pattern: arrows move, Home and End jump. Panels carry `id={`${id}-${name}`}` and role tabpanel. */
export function Tabs<Name extends string>({
  id,
  label,
  items,
  active,
  onChange,
}: {
  id: string;
  label: string;
  items: TabItem<Name>[];
  active: Name;
  onChange: (name: Name) => void;
}) {
  const row = useRef<HTMLDivElement>(null);

  function onKeyDown(event: KeyboardEvent) {
    const index = items.findIndex((item) => item.name === active);
    const to =
      event.key === 'ArrowRight'
        ? (index + 1) % items.length
        : event.key === 'ArrowLeft'
          ? (index + items.length - 1) % items.length
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? items.length - 1
              : -1;
    const item = items[to];
    if (!item) return;
    event.preventDefault();
    onChange(item.name);
    row.current?.querySelectorAll<HTMLElement>('[role=tab]')[to]?.focus();
  }

  return (
    <div
      ref={row}
      role="tablist"
      tabIndex={-1}
      aria-label={label}
      className="flex min-w-0 flex-wrap gap-1"
      onKeyDown={onKeyDown}
    >
      {items.map((item) => (
        <button
          key={item.name}
          type="button"
          role="tab"
          id={`${id}-${item.name}-tab`}
          aria-selected={item.name === active}
          aria-controls={`${id}-${item.name}`}
          tabIndex={item.name === active ? 0 : -1}
          className={cx(
            'touch h-8 shrink-0 rounded-md px-2 text-[13px] whitespace-nowrap transition-colors sm:px-3',
            item.name === active ? 'chosen font-semibold' : 'text-muted hover:text-ink',
          )}
          onClick={() => onChange(item.name)}
        >
          {item.label}
        </button>
      ))}
    </div>
  );
}
