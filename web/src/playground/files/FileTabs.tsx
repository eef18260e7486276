// SPDX-License-Identifier: MIT
import { Plus, X } from 'lucide-react';
import { lazy, Suspense, useEffect, useRef, useState, type ComponentType, type KeyboardEvent } from 'react';
import { changeDraft } from '../../draft/notice';
import { newKey, useWorkspace, type Draft, type Tab } from '../../draft/workspace';
import { shownName } from '../../lib/visible';
import { IconButton } from '../../ui/Button';
import { cx } from '../../ui/cx';
import type { NameFieldProps } from './NameField';
import { newName } from './newName';

/** Without it (the server is away) the file keeps the name that it has. */
const NameField = lazy(async (): Promise<{ default: ComponentType<NameFieldProps> }> => {
  try {
    return await import('./NameField');
  } catch {
    return { default: NoField };
  }
});

function NoField({ onDone }: NameFieldProps) {
  useEffect(() => onDone(null), [onDone]);
  return null;
}

export const EDITOR_PANEL = 'editor-panel';

/** The files as tabs. Keys on a tab: arrows move, F2 renames, Delete closes. */
export function FileTabs({ draft }: { draft: Draft }) {
  const edit = useWorkspace((state) => state.edit);
  const row = useRef<HTMLDivElement>(null);
  const [renamed, setRenamed] = useState<{ key: string; isNew: boolean } | null>(null);
  /** One at a time: while a name stands there that is none, it is mended or given up first. */
  const rename = (key: string, isNew = false) =>
    renamed ? row.current?.querySelector('input')?.focus() : setRenamed({ key, isNew });
  const { tabs, activeTab } = draft;
  const focusTab = (key: string) => row.current?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(key)}"]`)?.focus();

  // Where there are more than there is room for: the chosen one is seen whole, and so it is after it was named.
  useEffect(() => {
    row.current?.querySelector('[aria-selected=true]')?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
  }, [activeTab, renamed]);

  function add() {
    if (renamed) return rename('');
    const tab: Tab = { key: newKey(), name: newName(tabs.map((one) => one.name)), content: '' };
    edit({ tabs: [...tabs, tab], activeTab: tab.key });
    rename(tab.key, true);
  }

  function close(tab: Tab) {
    if (tabs.length === 1) return;
    const at = tabs.indexOf(tab);
    const left = tabs.filter((one) => one !== tab);
    const next = tab.key === activeTab ? (left[Math.min(at, left.length - 1)]?.key ?? activeTab) : activeTab;
    const change = { tabs: left, activeTab: next };
    if (tab.content.trim() === '') edit(change);
    else changeDraft(change, `${shownName(tab.name)} was closed.`);
    requestAnimationFrame(() => focusTab(next));
  }

  function onKeyDown(event: KeyboardEvent, tab: Tab) {
    const at = tabs.indexOf(tab);
    const last = tabs.length - 1;
    const to =
      event.key === 'ArrowRight'
        ? (at + 1) % tabs.length
        : event.key === 'ArrowLeft'
          ? (at + last) % tabs.length
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? last
              : -1;
    const next = tabs[to];
    if (next) {
      edit({ activeTab: next.key });
      focusTab(next.key);
    } else if (event.key === 'F2') rename(tab.key);
    else if (event.key === 'Delete') close(tab);
    else return;
    event.preventDefault();
  }

  return (
    <>
      <div
        ref={row}
        role="tablist"
        aria-label="Files"
        className="file-tabs flex min-w-0 items-center gap-1 overflow-x-auto py-1"
      >
        {tabs.map((tab, index) =>
          renamed?.key === tab.key ? (
            <Suspense key={tab.key}>
              <NameField
                name={tab.name}
                isNew={renamed.isNew}
                others={tabs.filter((one) => one !== tab).map((one) => one.name)}
                onDone={(name) => {
                  setRenamed(null);
                  if (name !== null) edit({ tabs: tabs.map((one) => (one === tab ? { ...tab, name } : one)) });
                  requestAnimationFrame(() => focusTab(tab.key));
                }}
              />
            </Suspense>
          ) : (
            <FileTab
              key={tab.key}
              tab={tab}
              isActive={tab.key === activeTab}
              isSource={index === 0 && tabs.length > 1}
              canClose={tabs.length > 1}
              onChoose={() => edit({ activeTab: tab.key })}
              onRename={() => rename(tab.key)}
              onClose={() => close(tab)}
              onKeyDown={(event) => onKeyDown(event, tab)}
            />
          ),
        )}
      </div>
      <IconButton
        label="Add a file"
        className="size-7 shrink-0"
        icon={<Plus size={15} aria-hidden="true" />}
        onClick={add}
      />
    </>
  );
}

function FileTab({
  tab,
  isActive,
  isSource,
  canClose,
  onChoose,
  onRename,
  onClose,
  onKeyDown,
}: {
  tab: Tab;
  isActive: boolean;
  isSource: boolean;
  canClose: boolean;
  onChoose: () => void;
  onRename: () => void;
  onClose: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}) {
  const name = shownName(tab.name);
  return (
    <button
      type="button"
      role="tab"
      data-tab={tab.key}
      aria-selected={isActive}
      aria-controls={EDITOR_PANEL}
      aria-keyshortcuts={canClose ? 'F2 Delete' : 'F2'}
      tabIndex={isActive ? 0 : -1}
      title={`${name}${isSource ? ' (this file is run)' : ''}. Double-click or F2 to rename`}
      className={cx(
        'touch group inline-flex h-8 shrink-0 items-center gap-1.5 rounded-md px-2.5 font-mono text-[12.5px] whitespace-nowrap transition-colors focus-visible:-outline-offset-2',
        isActive ? 'chosen' : 'text-muted hover:text-ink',
      )}
      onClick={onChoose}
      onDoubleClick={onRename}
      onAuxClick={(event) => event.button === 1 && onClose()}
      onKeyDown={onKeyDown}
    >
      {isSource && <span aria-hidden="true" className="size-1.5 rounded-full bg-accent" />}
      {name}
      {isSource && <span className="sr-only">, the source</span>}
      {canClose && (
        // By the keyboard it is Delete: a tab cannot hold another control.

        <span
          aria-hidden="true"
          data-close
          title={`Close ${name}`}
          className={cx(
            '-mr-1 rounded-sm p-0.5 text-muted hover:bg-line hover:text-ink',
            !isActive && 'opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100 pointer-coarse:opacity-100',
          )}
          onClick={(event) => {
            event.stopPropagation();
            onClose();
          }}
        >
          <X size={12} />
        </span>
      )}
    </button>
  );
}
