// SPDX-License-Identifier: MIT
/** What happens without being asked: languages are loaded, one is chosen, and a shared run brings its code. */
import { useEffect } from 'react';
import { ApiProblem } from '../api/client';
import { languageOf, useLanguages } from '../api/languages';
import type { Language } from '../api/types';
import { usePlace } from '../app/place';
import { currentDraft, useWorkspace } from '../draft/workspace';
import { useRun } from '../run/run';

export const FIRST_CHOICE = 'python';
const RETRY_MS = 2000;

/** Until they are there; then never again. */
export function useLoadedLanguages(): Language[] | null {
  const { languages, error, load } = useLanguages();
  useEffect(() => {
    if (languages) return;
    const again = () => void load();
    if (error === null) again();
    const hasToAct = error instanceof ApiProblem && error.problem.status < 500 && error.problem.status !== 429;
    // A key that is given meanwhile is tried, too.
    const timer = setInterval(again, hasToAct ? 2 * RETRY_MS : RETRY_MS);
    window.addEventListener('online', again);
    return () => {
      clearInterval(timer);
      window.removeEventListener('online', again);
    };
  }, [languages, error, load]);
  return languages;
}

/** A first visit gets Python, or what there is. */
export function useChosenLanguage(languages: Language[] | null): void {
  const hasDraft = useWorkspace((state) => currentDraft(state) !== null);
  useEffect(() => {
    if (!languages || hasDraft) return;
    const { language, setLanguage } = useWorkspace.getState();
    const available = languages.filter((one) => one.available);
    const choice =
      languageOf(available, language) ?? languageOf(available, FIRST_CHOICE) ?? available[0] ?? languages[0];
    if (choice) setLanguage(choice);
  }, [languages, hasDraft]);
}

/** The address of a shared run shows it, with its code in the editor. */
export function useSharedRun(languages: Language[] | null): void {
  const place = usePlace();
  const id = place.page === 'shared' ? place.id : null;
  const request = useRun((run) => (id !== null && run.id === id ? run.request : null));

  useEffect(() => {
    const run = useRun.getState();
    if (id !== null && run.id !== id) void run.show(id);
  }, [id]);

  useEffect(() => {
    if (id === null || !request || !languages) return;
    let isLatest = true;
    import('./adoptShared').then(
      ({ adoptShared }) => {
        if (isLatest) adoptShared(id, request, languages);
      },
      () => {}, // the result is shown all the same
    );
    return () => {
      isLatest = false;
    };
  }, [id, request, languages]);
}
