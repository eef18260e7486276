// SPDX-License-Identifier: MIT
import type { Language, Submission } from '../api/types';
import { isPrecious } from './isPrecious';
import { replaceDraft } from './notice';
import { draftOf } from './submission';
import { useWorkspace } from './workspace';

/** Brings the code of a shared run into the editor; what the visitor wrote can be had back. */
export function adoptShared(request: Submission, languages: Language[]): void {
  const language = languages.find((one) => one.name === request.language || one.aliases.includes(request.language));
  if (!language) return;
  const draft = draftOf(language, request);
  const old = useWorkspace.getState().drafts[language.name];
  const isThere =
    old !== undefined &&
    old.tabs.length === draft.tabs.length &&
    old.tabs.every((tab, index) => tab.content === draft.tabs[index]?.content && tab.name === draft.tabs[index].name);
  if (isThere) {
    if (useWorkspace.getState().language !== language.name) useWorkspace.setState({ language: language.name });
    return;
  }
  replaceDraft(
    language.name,
    draft,
    old !== undefined && isPrecious(old, language),
    'Your code was replaced by the shared code.',
  );
}
