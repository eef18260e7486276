// SPDX-License-Identifier: MIT
/** The real editor: one view, and a model for each file, so that each keeps its history of changes and its place. */
import type { Tab } from '../draft/workspace';
import { useWorkspace } from '../draft/workspace';
import { indentOf, languageIdOf } from './languageIds';
import { EDITOR_FONT, EDITOR_FONT_SIZE, EDITOR_LINE_HEIGHT, EDITOR_PADDING } from './look';
import { messagesOf, type CompileMessage } from './markers';
import { monaco } from './monaco';
import { hintAtTab } from './tabHint';
import { applyTheme } from './themes';

export interface Shown {
  tabs: readonly Tab[];
  active: string;
  language: string;
  messages: readonly CompileMessage[];
}

const SEVERITY = {
  error: monaco.MarkerSeverity.Error,
  warning: monaco.MarkerSeverity.Warning,
  info: monaco.MarkerSeverity.Info,
};

const OWNER = 'sentinel';

interface File {
  model: monaco.editor.ITextModel;
  place: monaco.editor.ICodeEditorViewState | null;
}

const isCalm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

export class EditorView {
  private readonly editor: monaco.editor.IStandaloneCodeEditor;
  private readonly files = new Map<string, File>();
  private shown: string | null = null;
  /** A change that comes from outside is not told back. */
  private isTaking = false;

  constructor(
    host: HTMLElement,
    theme: 'dark' | 'light',
    private readonly onChange: (key: string, content: string) => void,
  ) {
    applyTheme(monaco, theme);
    this.editor = monaco.editor.create(host, {
      model: null,
      theme: 'sentinel',
      automaticLayout: true,
      fontFamily: EDITOR_FONT,
      fontSize: EDITOR_FONT_SIZE,
      lineHeight: EDITOR_LINE_HEIGHT,
      padding: { top: EDITOR_PADDING, bottom: EDITOR_PADDING },
      lineNumbersMinChars: 4,
      lineDecorationsWidth: 18,
      glyphMargin: false,
      minimap: { enabled: false },
      scrollBeyondLastLine: false,
      renderFinalNewline: 'on',
      renderLineHighlight: 'line',
      renderLineHighlightOnlyWhenFocus: true,
      overviewRulerLanes: 2,
      hideCursorInOverviewRuler: true,
      fixedOverflowWidgets: true,
      quickSuggestions: false,
      links: false,
      occurrencesHighlight: 'off',
      bracketPairColorization: { enabled: false },
      guides: { indentation: true },
      stickyScroll: { enabled: false },
      scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
      cursorBlinking: isCalm() ? 'solid' : 'blink',
      smoothScrolling: false,
      // The hover over an invisible character offers links into the editor's settings, of which there are none.
      unicodeHighlight: { nonBasicASCII: false, invisibleCharacters: true, ambiguousCharacters: false },
    });
    this.leaveByEscape();
    this.highlightAfterMoves();
    hintAtTab(this.editor, host);
  }

  show({ tabs, active, language, messages }: Shown): void {
    tabs.forEach((tab, index) => this.take(tab, language, index === 0));
    const tab = tabs.find((one) => one.key === active) ?? tabs[0];
    if (tab) this.bring(tab);
    for (const one of tabs) this.mark(one, messages);
    this.forgetOthers(tabs);
  }

  setTheme(theme: 'dark' | 'light'): void {
    applyTheme(monaco, theme);
  }

  /** By characters from the start, as a text field counts. */
  select(start: number, end: number, scrollTop: number): void {
    const model = this.editor.getModel();
    if (!model) return;
    this.editor.setSelection(monaco.Range.fromPositions(model.getPositionAt(start), model.getPositionAt(end)));
    this.editor.setScrollTop(scrollTop);
  }

  reveal(line: number, column: number): void {
    this.editor.setPosition({ lineNumber: line, column });
    this.editor.revealLineInCenter(line);
    this.editor.focus();
  }

  focus(): void {
    this.editor.focus();
  }

  dispose(): void {
    this.editor.dispose();
    for (const { model } of this.files.values()) model.dispose();
    this.files.clear();
  }

  private take(tab: Tab, language: string, isSource: boolean): void {
    const languageId = languageIdOf(tab.name, language, isSource);
    const file = this.files.get(tab.key);
    if (!file) {
      const model = monaco.editor.createModel(tab.content, languageId);
      const indent = indentOf(languageId);
      model.updateOptions({
        tabSize: indent.size,
        insertSpaces: indent.isSpaces,
        bracketColorizationOptions: { enabled: false, independentColorPoolPerBracketType: false },
      });
      model.onDidChangeContent(() => {
        if (!this.isTaking) this.onChange(tab.key, model.getValue(monaco.editor.EndOfLinePreference.LF));
      });
      this.files.set(tab.key, { model, place: null });
      return;
    }
    const { model } = file;
    if (model.getLanguageId() !== languageId) monaco.editor.setModelLanguage(model, languageId);
    if (model.getValue(monaco.editor.EndOfLinePreference.LF) === tab.content) return;
    this.isTaking = true;
    this.editor.updateOptions({ occurrencesHighlight: 'off' });
    model.pushEditOperations([], [{ range: model.getFullModelRange(), text: tab.content }], () => null);
    this.isTaking = false;
  }

  private bring(tab: Tab): void {
    if (this.shown !== tab.key) {
      const before = this.shown === null ? undefined : this.files.get(this.shown);
      if (before) before.place = this.editor.saveViewState();
      const file = this.files.get(tab.key);
      this.editor.setModel(file?.model ?? null);
      this.editor.updateOptions({ occurrencesHighlight: 'off' });
      if (file?.place) this.editor.restoreViewState(file.place);
      this.shown = tab.key;
    }
    this.editor.updateOptions({
      ariaLabel: `Source code, ${tab.name}. Tab indents; press Escape, then Tab, to leave the editor.`,
    });
  }

  private mark(tab: Tab, messages: readonly CompileMessage[]): void {
    const model = this.files.get(tab.key)?.model;
    if (!model) return;
    const markers = messagesOf(messages, tab.name)
      .filter((message) => message.line >= 1 && message.line <= model.getLineCount())
      .map(({ line, column, severity, text }) => {
        const start = column ?? (model.getLineFirstNonWhitespaceColumn(line) || 1);
        const word = column === null ? null : model.getWordAtPosition({ lineNumber: line, column });
        const end = column === null ? model.getLineMaxColumn(line) : (word?.endColumn ?? start + 1);
        return {
          severity: SEVERITY[severity],
          message: text,
          startLineNumber: line,
          startColumn: start,
          endLineNumber: line,
          endColumn: end,
        };
      });
    monaco.editor.setModelMarkers(model, OWNER, markers);
  }

  /** Drafts of other languages keep theirs, and with it what can be undone. */
  private forgetOthers(tabs: readonly Tab[]): void {
    const kept = new Set(tabs.map((tab) => tab.key));
    for (const draft of Object.values(useWorkspace.getState().drafts)) draft.tabs.forEach((tab) => kept.add(tab.key));
    for (const [key, { model }] of this.files) {
      if (kept.has(key)) continue;
      model.dispose();
      this.files.delete(key);
    }
  }

  /** A word is highlighted for whoever went there, not where the cursor stands by itself: that looks like a selection. */
  private highlightAfterMoves(): void {
    const highlight = () => this.editor.updateOptions({ occurrencesHighlight: 'singleFile' });
    // Before the cursor moves: what highlights hears of each move once.
    this.editor.onMouseDown(highlight);
    this.editor.onKeyDown(({ keyCode }) => {
      if (keyCode >= monaco.KeyCode.PageUp && keyCode <= monaco.KeyCode.DownArrow) highlight();
    });
  }

  /** Tab belongs to the text, but after Escape it leads on: whoever has no mouse is not caught. */
  private leaveByEscape(): void {
    let isLeaving = false;
    const set = (is: boolean) => {
      if (is === isLeaving) return;
      isLeaving = is;
      this.editor.updateOptions({ tabFocusMode: is });
    };
    this.editor.onKeyDown((event) => {
      if (event.keyCode === monaco.KeyCode.Escape) set(true);
      else if (event.keyCode !== monaco.KeyCode.Tab && event.keyCode !== monaco.KeyCode.Shift) set(false);
    });
    this.editor.onDidBlurEditorText(() => set(false));
  }
}
