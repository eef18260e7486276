// SPDX-License-Identifier: MIT
import { useEffect, useRef, useState } from 'react';
import type { Tab } from '../draft/workspace';
import { shownName } from '../lib/visible';
import type { EditorView } from './EditorView';
import { indentOf, languageIdOf } from './languageIds';
import type { CompileMessage } from './markers';
import { isSameFile } from './markers';
import { PlainEditor } from './PlainEditor';
import { revealed, useReveal } from './reveal';

interface Props {
  tabs: Tab[];
  /** Key of the one that is shown. */
  active: string;
  /** The server's name of it. */
  language: string;
  theme: 'dark' | 'light';
  messages: readonly CompileMessage[];
  /** Focus it when it is first shown. */
  hasFocusFirst: boolean;
  onChange: (key: string, content: string) => void;
}

/** There the editor's own handling of keys and selections works badly, and the browser's works well. */
const isTouchOnly = () => matchMedia('(pointer: coarse) and (hover: none)').matches;

/** Begins before there is anything to show in it: it is by far the largest part of the page. */
export function fetchEditor(language: string): void {
  if (isTouchOnly()) return;
  // Without them the text field stays, in which one can work.
  import('./highlighting').then(({ fetchHighlighting }) => fetchHighlighting(language)).catch(() => {});
  import('./EditorView').catch(() => {});
}

/** A text field at once, and the real editor in its place as soon as it is loaded: text, selection and focus stay. */
export function Editor({ tabs, active, language, theme, messages, hasFocusFirst, onChange }: Props) {
  const plain = useRef<HTMLTextAreaElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<EditorView | null>(null);
  const place = useReveal((state) => state.place);
  const latest = useRef({ tabs, active, language, theme, messages, onChange });
  const tab = tabs.find((one) => one.key === active) ?? tabs[0];

  useEffect(() => {
    latest.current = { tabs, active, language, theme, messages, onChange };
  });

  useEffect(() => {
    if (hasFocusFirst && !isTouchOnly()) plain.current?.focus();
    // Of the first time only.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  useEffect(() => {
    if (isTouchOnly()) return;
    let isGone = false;
    let made: EditorView | null = null;

    async function load() {
      const { EditorView } = await import('./EditorView');
      await composed(plain.current);
      if (isGone || !host.current) return;
      const field = plain.current;
      const selection = field && { start: field.selectionStart, end: field.selectionEnd };
      const hadFocus = field !== null && document.activeElement === field;
      const { theme: shown, ...state } = latest.current;
      // The field is the truth: what was typed a moment ago may not have come back yet.
      const content = field?.value;
      made = new EditorView(host.current, shown, (key, text) => latest.current.onChange(key, text));
      made.show(
        content === undefined
          ? state
          : { ...state, tabs: state.tabs.map((one) => (one.key === state.active ? { ...one, content } : one)) },
      );
      if (selection) made.select(selection.start, selection.end, field?.scrollTop ?? 0);
      if (hadFocus) made.focus();
      setView(made);
    }
    // Without it the text field stays, in which one can work.
    load().catch(() => {});
    return () => {
      isGone = true;
      made?.dispose();
      setView(null);
    };
  }, []);

  useEffect(() => {
    view?.show({ tabs, active, language, messages });
  }, [view, tabs, active, language, messages]);

  useEffect(() => {
    view?.setTheme(theme);
  }, [view, theme]);

  useEffect(() => {
    if (!place || !tab || !isSameFile(place.file, tab.name)) return;
    if (view) view.reveal(place.line, place.column);
    else if (plain.current) revealInField(plain.current, place.line);
    revealed();
  }, [place, tab, view]);

  if (!tab) return null;
  const label = `Source code, ${shownName(tab.name)}. Tab indents; press Escape, then Tab, to leave the editor.`;
  const indent = indentOf(languageIdOf(tab.name, language, tab === tabs[0]));
  return (
    <div className="relative h-full min-h-0" data-editor={view ? 'ready' : 'plain'}>
      <div ref={host} className="absolute inset-0" />
      {!view && (
        <PlainEditor
          ref={plain}
          value={tab.content}
          label={label}
          indent={indent.isSpaces ? ' '.repeat(indent.size) : '\t'}
          onChange={(content) => onChange(tab.key, content)}
        />
      )}
    </div>
  );
}

/** Taking the field away in the middle of a character that is being composed would lose it. */
function composed(field: HTMLTextAreaElement | null): Promise<void> {
  if (!field?.dataset['composing']) return Promise.resolve();
  return new Promise((resolve) =>
    field.addEventListener('compositionend', () => setTimeout(resolve, 0), { once: true }),
  );
}

function revealInField(field: HTMLTextAreaElement, line: number): void {
  const before = field.value.split('\n', line - 1).join('\n');
  const start = line > 1 ? before.length + 1 : 0;
  const end = field.value.indexOf('\n', start);
  field.focus();
  field.setSelectionRange(start, end < 0 ? field.value.length : end);
}
