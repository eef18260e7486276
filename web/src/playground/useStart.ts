// SPDX-License-Identifier: MIT
import { navigate } from 'wouter/use-browser-location';
import { languageOf, useLanguages } from '../api/languages';
import { useNotice } from '../draft/notice';
import { submissionOf } from '../draft/submissionOf';
import { currentDraft, useWorkspace, type LimitDraft } from '../draft/workspace';
import { isBusy, useRun } from '../run/run';
import { useView } from './layout/view';

/** Runs what is in the workspace; null: it cannot be (yet). */
export function useStart(): (() => void) | null {
  const languages = useLanguages((state) => state.languages);
  const chosen = useWorkspace((state) => state.language);
  const hasDraft = useWorkspace((state) => currentDraft(state) !== null);
  const language = languageOf(languages, chosen);
  if (!language?.available || !hasDraft) return null;

  return () => {
    const draft = currentDraft(useWorkspace.getState());
    if (!draft || isBusy(useRun.getState())) return;
    const [wrongLimit] = Object.keys(draft.badLimits) as (keyof LimitDraft)[];
    if (wrongLimit) return useView.setState({ view: 'input', wrongLimit });
    useNotice.getState().dismiss();
    // What is shown is not the shared run any more.
    if (location.pathname !== '/') navigate('/');
    useView.getState().show('result');
    void useRun.getState().start(submissionOf(language, draft));
  };
}
