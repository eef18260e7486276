// SPDX-License-Identifier: MIT
import { languageOf } from '../api/languages';
import type { Language, Submission } from '../api/types';
import type { Draft } from '../draft/draft';
import { isPrecious } from '../draft/isPrecious';
import { replaceDraft, useNotice } from '../draft/notice';
import { draftOf } from '../draft/submission';
import { useWorkspace } from '../draft/workspace';
import { recallInTab, rememberInTab } from '../lib/storage';

/** The shared run that this tab of the browser took its code from last. */
const ADOPTED = 'sentinel.adopted';

export const hasFilesOf = (draft: Draft, other: Draft): boolean =>
  draft.tabs.length === other.tabs.length &&
  draft.tabs.every((tab, index) => tab.content === other.tabs[index]?.content && tab.name === other.tabs[index].name);

/**
 * Brings the code of a shared run into the editor; what the visitor wrote can be had back. It comes once: after a
 * reload, what the visitor made of it stays.
 */
export function adoptShared(id: string, request: Submission, languages: Language[]): void {
  const language = languageOf(languages, request.language);
  if (!language) return;
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

  const isKnown = recallInTab(ADOPTED) === id || old?.sharedFrom === id;
  rememberInTab(ADOPTED, id);
  if (old !== undefined && hasFilesOf(old, draft)) restore(name, { ...old, sharedFrom: id });
  else if (old !== undefined && isKnown) {
    useWorkspace.setState({ language: name });
    useNotice.getState().say('This is your code, not the shared one.', { label: 'Take the shared code', run: take });
  } else take();
}
