// SPDX-License-Identifier: MIT
import { memo } from 'react';
import { languageOf, useLanguages } from '../api/languages';
import { currentDraft, useWorkspace } from '../draft/workspace';
import { useRun } from '../run/run';
import { isStale } from './stale';

/** Beside the tabs of the result: what is seen there is not of what is written by now. */
export const StaleNote = memo(function StaleNote() {
  const ran = useRun((run) => run.request);
  const languages = useLanguages((state) => state.languages);
  const isShown = useWorkspace((state) => {
    const language = languageOf(languages, state.language);
    const draft = currentDraft(state);
    return ran !== null && language !== null && draft !== null && isStale(ran, language, draft);
  });
  return (
    isShown && (
      <p role="note" className="min-w-24 flex-1 pr-1 pl-3 text-right text-[12px] leading-tight text-muted">
        From before your latest changes.
      </p>
    )
  );
});
