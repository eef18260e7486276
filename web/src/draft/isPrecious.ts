// SPDX-License-Identifier: MIT
import type { Language } from '../api/types';
import type { Draft } from './workspace';

/** Whether somebody wrote any of it: what is as it was loaded, empty, or the language's example, may go without a word. */
export function isPrecious(draft: Draft, language: Language | null): boolean {
  if (draft.isUntouched) return false;
  const isUntouched = (content: string) => content.trim() === '' || content === (language?.example ?? '');
  return (
    draft.tabs.some((tab) => !isUntouched(tab.content)) ||
    draft.stdin.trim() !== '' ||
    draft.args.length > 0 ||
    draft.cases.some((one) => one.stdin !== '' || one.expected !== '')
  );
}
