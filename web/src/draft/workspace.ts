// SPDX-License-Identifier: MIT
/** What the person is writing: kept in the browser as it is typed, a draft for each language. */
import { create } from 'zustand';
import type { Language } from '../api/types';
import { emptyDraft, type Draft } from './draft';
import { keepDraft, keepLanguage, keptLanguage, newDrafts, type Kept } from './draftStore';

export { emptyDraft, newKey, NO_LIMITS, type CaseDraft, type Draft, type LimitDraft, type Tab } from './draft';

/** What became of the drafts of these languages, other than it should. */
export interface Trouble {
  kind: Exclude<Kept, 'whole'> | 'damaged';
  languages: string[];
}

interface Workspace {
  language: string | null;
  drafts: Record<string, Draft>;
  /** To be told to the person. */
  trouble: Trouble | null;
  /** How often something was changed; to look at another file changes nothing. */
  edits: number;
  setLanguage(language: Language): void;
  /** Of the language that is chosen. */
  edit(change: Partial<Draft> | ((draft: Draft) => Partial<Draft>)): void;
  /** Puts one in the place of what is there (history, share links, examples). */
  restore(language: string, draft: Draft): void;
}

/** What needs no writing any more, of each language: it is kept, it could not be, or nobody wrote it. */
const settled = new Map<string, Draft>();
/** Of these, this page has more than could be kept. */
const unkept = new Set<string>();

export const useWorkspace = create<Workspace>()((set) => ({
  language: keptLanguage(),
  drafts: {},
  trouble: null,
  edits: 0,
  setLanguage: ({ name, file_name, example }) =>
    set(({ drafts }) => {
      if (Object.hasOwn(drafts, name)) return { language: name };
      const draft = emptyDraft(file_name, example ?? '');
      settled.set(name, draft);
      return { language: name, drafts: { ...drafts, [name]: draft } };
    }),
  edit: (change) =>
    set((state) => {
      const draft = currentDraft(state);
      if (!draft || state.language === null) return state;
      const changed = typeof change === 'function' ? change(draft) : change;
      const isEdit = Object.keys(changed).some((key) => key !== 'activeTab');
      const edited = { ...draft, ...changed, isUntouched: draft.isUntouched && !isEdit };
      return { drafts: { ...state.drafts, [state.language]: edited }, edits: state.edits + Number(isEdit) };
    }),
  restore: (language, draft) => set((state) => ({ language, drafts: { ...state.drafts, [language]: draft } })),
}));

// The store holds no more names than it was given: a language may be called `constructor`.
export const currentDraft = ({ language, drafts }: Pick<Workspace, 'language' | 'drafts'>): Draft | null =>
  language !== null && Object.hasOwn(drafts, language) ? (drafts[language] ?? null) : null;

/** What other pages of this browser kept, unless something here waits to be kept. */
export function takeNewDrafts(): void {
  const own = useWorkspace.getState().drafts;
  const { drafts, damaged } = newDrafts((name) => own[name] === settled.get(name) && !unkept.has(name));
  for (const [name, draft] of Object.entries(drafts)) settled.set(name, draft);
  // What is left of it, or what is here, is written in its place.
  for (const name of damaged) settled.delete(name);
  if (Object.keys(drafts).length > 0) useWorkspace.setState({ drafts: { ...own, ...drafts } });
  if (damaged.length > 0) useWorkspace.setState({ trouble: { kind: 'damaged', languages: damaged } });
}

let saving: ReturnType<typeof setTimeout> | undefined;

/** Only what changed here: another page may have newer drafts of the rest. */
export function keepDrafts(): void {
  clearTimeout(saving);
  const { language, drafts } = useWorkspace.getState();
  for (const [name, draft] of Object.entries(drafts)) {
    if (draft === settled.get(name)) continue;
    settled.set(name, draft);
    const kind = keepDraft(name, draft);
    if (kind === 'whole') unkept.delete(name);
    else {
      unkept.add(name);
      useWorkspace.setState({ trouble: { kind, languages: [name] } });
    }
  }
  if (language !== null && language !== keptLanguage()) keepLanguage(language);
}

useWorkspace.subscribe(() => {
  clearTimeout(saving);
  saving = setTimeout(keepDrafts, 300);
});
takeNewDrafts();

if (typeof window !== 'undefined') {
  window.addEventListener('storage', takeNewDrafts);
  // A page that was away heard nothing meanwhile; one that goes may not come back.
  window.addEventListener('pageshow', takeNewDrafts);
  window.addEventListener('pagehide', keepDrafts);
  window.addEventListener('visibilitychange', () => (document.hidden ? keepDrafts() : takeNewDrafts()));
}
