// SPDX-License-Identifier: MIT
/** What the person is writing: kept in the browser as it is typed, a draft for each language. */
import { create } from 'zustand';
import { recall, remember } from '../lib/storage';
import type { CompareMode, Language } from '../api/types';

export interface Tab {
  /** Stays the same when the file is renamed. */
  key: string;
  name: string;
  content: string;
}

export interface CaseDraft {
  key: string;
  name: string;
  stdin: string;
  expected: string;
}

/** null: the language's own. */
export interface LimitDraft {
  timeMs: number | null;
  memoryKb: number | null;
  processes: number | null;
  outputKb: number | null;
}

export const NO_LIMITS: LimitDraft = { timeMs: null, memoryKb: null, processes: null, outputKb: null };

/** All that a submission is made of, but for the language. */
export interface Draft {
  tabs: Tab[];
  activeTab: string;
  stdin: string;
  /** One a line. */
  args: string[];
  /** Input is typed while it runs. */
  isInteractive: boolean;
  limits: LimitDraft;
  /** What stands in the field of a limit and is none: nothing is run with it. */
  badLimits: Partial<Record<keyof LimitDraft, string>>;
  /** Whether the cases are run instead of the program once. */
  isTesting: boolean;
  cases: CaseDraft[];
  compare: CompareMode;
  tolerance: number;
  stopAtFirst: boolean;
  /** As it was loaded from somewhere: nobody loses anything when another one takes its place. */
  isUntouched: boolean;
}

interface Workspace {
  language: string | null;
  drafts: Record<string, Draft>;
  /** How often something was changed; to look at another file changes nothing. */
  edits: number;
  setLanguage(language: Language): void;
  /** Of the language that is chosen. */
  edit(change: Partial<Draft> | ((draft: Draft) => Partial<Draft>)): void;
  /** Puts one in the place of what is there (history, share links, examples). */
  restore(language: string, draft: Draft): void;
}

const STORED = 'sentinel.workspace.1';
/** More than this is kept until the page is left, not longer. */
const STORED_MAX = 2_000_000;

let keys = 0;
export const newKey = () => `${Date.now().toString(36)}-${(keys++).toString(36)}`;

export function emptyDraft(fileName: string, content: string): Draft {
  const key = newKey();
  return {
    tabs: [{ key, name: fileName, content }],
    activeTab: key,
    stdin: '',
    args: [],
    isInteractive: false,
    limits: NO_LIMITS,
    badLimits: {},
    isTesting: false,
    cases: [],
    compare: 'trailing',
    tolerance: 1e-6,
    stopAtFirst: false,
    isUntouched: false,
  };
}

function stored(): Pick<Workspace, 'language' | 'drafts'> {
  try {
    const kept = JSON.parse(recall(STORED) ?? '{}') as { language?: string; drafts?: Record<string, Partial<Draft>> };
    const drafts: Record<string, Draft> = {};
    for (const [language, draft] of Object.entries(kept.drafts ?? {})) {
      if (Array.isArray(draft.tabs) && draft.tabs.length > 0) drafts[language] = { ...emptyDraft('', ''), ...draft };
    }
    return { language: kept.language ?? null, drafts };
  } catch {
    return { language: null, drafts: {} };
  }
}

export const useWorkspace = create<Workspace>()((set) => ({
  ...stored(),
  edits: 0,
  setLanguage: (language) =>
    set((state) => ({
      language: language.name,
      drafts: state.drafts[language.name]
        ? state.drafts
        : { ...state.drafts, [language.name]: emptyDraft(language.file_name, language.example ?? '') },
    })),
  edit: (change) =>
    set((state) => {
      const draft = state.language === null ? undefined : state.drafts[state.language];
      if (!draft || state.language === null) return state;
      const changed = typeof change === 'function' ? change(draft) : change;
      const isEdit = Object.keys(changed).some((key) => key !== 'activeTab');
      const edited = { ...draft, ...changed, isUntouched: draft.isUntouched && !isEdit };
      return { drafts: { ...state.drafts, [state.language]: edited }, edits: state.edits + Number(isEdit) };
    }),
  restore: (language, draft) => set((state) => ({ language, drafts: { ...state.drafts, [language]: draft } })),
}));

let saving: ReturnType<typeof setTimeout> | undefined;
function save(): void {
  const { language, drafts } = useWorkspace.getState();
  const text = JSON.stringify({ language, drafts });
  if (text.length <= STORED_MAX) remember(STORED, text);
}
useWorkspace.subscribe(() => {
  clearTimeout(saving);
  saving = setTimeout(save, 300);
});
if (typeof window !== 'undefined') window.addEventListener('pagehide', save);

export const currentDraft = (state: Workspace): Draft | null =>
  state.language === null ? null : (state.drafts[state.language] ?? null);
