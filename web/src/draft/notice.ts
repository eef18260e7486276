// SPDX-License-Identifier: MIT
/** One sentence about what just happened to the workspace, and how to undo it. */
import { create } from 'zustand';
import { currentDraft, useWorkspace, type Draft } from './workspace';

interface Action {
  label: string;
  run(): void;
  /** It is of use, and does no harm, when more was written. */
  outlivesChanges?: true;
}

interface Notice {
  text: string | null;
  action: Action | null;
  say(text: string, action?: Action): void;
  dismiss(): void;
}

/** What is undone would take with it whatever was written since: with the first change, the offer goes. */
let unwatch = () => {};

export const useNotice = create<Notice>()((set, get) => ({
  text: null,
  action: null,
  say: (text, action) => {
    unwatch();
    if (action && !action.outlivesChanges)
      unwatch = useWorkspace.subscribe((now, before) => now.edits !== before.edits && get().dismiss());
    set({ text, action: action ?? null });
  },
  dismiss: () => {
    unwatch();
    set({ text: null, action: null });
  },
}));

/** Puts a draft in the place of what is there; what was there can be had back. */
export function replaceDraft(language: string, draft: Draft, isPrecious: boolean, text: string): void {
  const before = useWorkspace.getState();
  const { language: chosen } = before;
  const old = before.drafts[language];
  before.restore(language, draft);
  const { say, dismiss } = useNotice.getState();
  if (!isPrecious || !old) return dismiss();
  say(text, {
    label: 'Undo',
    run: () => {
      useWorkspace.getState().restore(language, old);
      if (chosen !== null) useWorkspace.setState({ language: chosen });
      dismiss();
    },
  });
}

/** Changes the draft that is there, in a way that can be undone. */
export function changeDraft(change: Partial<Draft>, text: string): void {
  const state = useWorkspace.getState();
  const draft = currentDraft(state);
  const { language } = state;
  if (!draft || language === null) return;
  state.edit(change);
  const { say, dismiss } = useNotice.getState();
  say(text, {
    label: 'Undo',
    run: () => {
      useWorkspace.getState().restore(language, draft);
      dismiss();
    },
  });
}
