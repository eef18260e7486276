// SPDX-License-Identifier: MIT
import { lazy, Suspense, useEffect, useState, type CSSProperties } from 'react';
import { languageOf } from '../api/languages';
import { useTheme } from '../app/theme';
import { Editor, fetchEditor } from '../editor/Editor';
import { isSameFile } from '../editor/markers';
import { useReveal } from '../editor/reveal';
import { cx } from '../ui/cx';
import { Panel } from '../ui/Panel';
import { EDITOR_PANEL, FileTabs } from './files/FileTabs';
import { Separator } from './layout/Separator';
import { useKeptSize } from './layout/useKeptSize';
import './layout/panes.css';
import { ViewSwitch } from './layout/ViewSwitch';
import { Toolbar } from './toolbar/Toolbar';
import { useCompileMessages } from './useCompileMessages';
import { useStart } from './useStart';
import { FIRST_CHOICE, useChosenLanguage, useLoadedLanguages, useSharedRun } from './useWorkspaceStart';
import { useView, type View } from './layout/view';
import { currentDraft, useWorkspace, type Draft } from '../draft/workspace';

const Later = lazy(() => import('./Later').then((module) => ({ default: module.Later })));
const InputPanel = lazy(() => import('./inputs/InputPanel').then((module) => ({ default: module.InputPanel })));
const InputLine = lazy(() => import('../run/InputLine').then((module) => ({ default: module.InputLine })));
const Results = lazy(() => import('../results/Results').then((module) => ({ default: module.Results })));

const WIDTH = { usual: 52, min: 25, max: 75 };
const HEIGHT = { usual: 68, min: 20, max: 85 };

/** In the place and size of a pane. */
const LOADING = (
  <p aria-busy="true" className="grid h-full place-items-center rounded-xl border border-line bg-surface text-muted">
    <span className="if-slow">Loading…</span>
  </p>
);

/** Ctrl-Enter (Cmd-Enter) runs, wherever the focus is; the editor has it for something else, so it is caught before. */
function useRunKey(): void {
  const start = useStart();
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      if (document.querySelector('dialog[open]')) return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) start?.();
    }
    window.addEventListener('keydown', onKeyDown, true);
    return () => window.removeEventListener('keydown', onKeyDown, true);
  }, [start]);
}

/** A line that is to be seen: its file comes to the front. */
function useRevealedFile(draft: Draft | null): void {
  const place = useReveal((state) => state.place);
  useEffect(() => {
    if (!place || !draft) return;
    const tab = draft.tabs.find((one) => isSameFile(place.file, one.name));
    if (!tab) return useReveal.setState({ place: null });
    useView.getState().show('code');
    if (tab.key !== draft.activeTab) useWorkspace.getState().edit({ activeTab: tab.key });
  }, [place, draft]);
}

function CodePanel({ draft, language }: { draft: Draft; language: string }) {
  const theme = useTheme((state) => state.theme);
  const messages = useCompileMessages(draft.tabs);
  const edit = useWorkspace((state) => state.edit);
  return (
    <Panel label="Code" className="h-full" head={<FileTabs draft={draft} />}>
      <div id={EDITOR_PANEL} role="tabpanel" aria-label="Editor" className="min-h-0 flex-1">
        <Editor
          tabs={draft.tabs}
          active={draft.activeTab}
          language={language}
          theme={theme}
          messages={messages}
          hasFocusFirst
          onChange={(key, content) =>
            edit(({ tabs }) => ({ tabs: tabs.map((tab) => (tab.key === key ? { ...tab, content } : tab)) }))
          }
        />
      </div>
    </Panel>
  );
}

export function Playground() {
  // While it is drawn, and not after: a tenth of a second of the editor's start, for two tenths of Run's.
  useState(() => fetchEditor(useWorkspace.getState().language ?? FIRST_CHOICE));
  const languages = useLoadedLanguages();
  useChosenLanguage(languages);
  useSharedRun(languages);
  useRunKey();
  const chosen = useWorkspace((state) => state.language);
  const draft = useWorkspace(currentDraft);
  useRevealedFile(draft);
  const view = useView((state) => state.view);
  const [width, setWidth] = useKeptSize('width', WIDTH.usual, WIDTH.min, WIDTH.max);
  const [height, setHeight] = useKeptSize('height', HEIGHT.usual, HEIGHT.min, HEIGHT.max);
  // All three stay where they are in the page: the editor keeps what it knows when the window becomes small.
  const where = (name: View, place: string) => cx('min-h-0 min-w-0', place, view !== name && 'one-pane:hidden');

  return (
    <main className="flex min-h-0 flex-1 flex-col">
      <h1 className="sr-only">Playground</h1>
      <Toolbar />
      <Suspense>
        <Later />
      </Suspense>
      <div
        className="playground-panes grid min-h-0 flex-1 px-2 pb-2 md:px-3 md:pb-3"
        style={{ '--width': `${width}%`, '--height': `${height}%` } as CSSProperties}
      >
        <div id="pane-code" className={where('code', 'pane-code')}>
          {draft && chosen !== null ? <CodePanel draft={draft} language={chosen} /> : LOADING}
        </div>
        <Separator
          label="Height of the code"
          controls="pane-code"
          orientation="horizontal"
          value={height}
          {...HEIGHT}
          className="pane-edge-below one-pane:hidden"
          onChange={setHeight}
        />
        <div className={where('input', 'pane-input')}>
          <Suspense fallback={LOADING}>
            {draft ? <InputPanel key={chosen} draft={draft} language={languageOf(languages, chosen)} /> : LOADING}
          </Suspense>
        </div>
        <Separator
          label="Width of the code"
          controls="pane-code"
          orientation="vertical"
          value={width}
          {...WIDTH}
          className="pane-edge-beside one-pane:hidden"
          onChange={setWidth}
        />
        <section
          aria-label="Result"
          className={cx(
            'flex flex-col overflow-hidden rounded-xl border border-line bg-surface',
            where('result', 'pane-result'),
          )}
        >
          <div className="flex min-h-0 flex-1 flex-col">
            <Suspense fallback={<div aria-busy="true" className="flex-1" />}>
              <Results />
            </Suspense>
          </div>
          <Suspense>
            <InputLine />
          </Suspense>
        </section>
      </div>
      <ViewSwitch />
    </main>
  );
}
