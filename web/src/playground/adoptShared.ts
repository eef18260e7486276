// SPDX-License-Identifier: MIT
import type { Language, Submission } from '../api/types';
import type { Draft } from './draft';
import { isPrecious } from './isPrecious';
import { replaceDraft, useNotice } from './notice';
import { useRun } from './run';
import { draftOf } from './submission';
import { useWorkspace } from './workspace';

/** The shared run that this tab of the browser took its code from last. */
const ADOPTED = 'sentinel.adopted';

function wasAdopted(id: string): boolean {
  try {
    return sessionStorage.getItem(ADOPTED) === id;
  } catch {
    return false;
  }
}

function rememberAdopted(id: string): void {
  try {
    sessionStorage.setItem(ADOPTED, id);
  } catch {
    // the draft says it, too
  }
}

const hasFilesOf = (draft: Draft, other: Draft): boolean =>
  draft.tabs.length === other.tabs.length &&
  draft.tabs.every((tab, index) => tab.content === other.tabs[index]?.content && tab.name === other.tabs[index].name);

/**
 * Brings the code of a shared run into the editor; what the visitor wrote can be had back. It comes once: after a
 * reload, what the visitor made of it stays.
 */
export function adoptShared(request: Submission, languages: Language[]): void {
  const language = languages.find((one) => one.name === request.language || one.aliases.includes(request.language));
  // The request is that of the run that is shown.
  const { id } = useRun.getState();
  if (!language || id === null) return;
  const { name } = language;
  const draft: Draft = { ...draftOf(language, request), sharedFrom: id };
  const { drafts, restore } = useWorkspace.getState();
  const old = drafts[name];
  const take = () =>
    replaceDraft(
      name,
      draft,
      old !== undefined && isPrecious(old, language),
      'Your code was replaced by the shared code.',
    );

  const isKnown = wasAdopted(id) || old?.sharedFrom === id;
  rememberAdopted(id);
  if (old !== undefined && hasFilesOf(old, draft)) restore(name, { ...old, sharedFrom: id });
  else if (old !== undefined && isKnown) {
    useWorkspace.setState({ language: name });
    useNotice.getState().say('This is your code, not the shared one.', { label: 'Take the shared code', run: take });
  } else take();
}
