// SPDX-License-Identifier: MIT
/** Whether the run that is shown is of what is written. */
import { isCalled } from '../api/languages';
import type { Language, Submission } from '../api/types';
import { draftOf } from '../draft/draftOf';
import { submissionOf } from '../draft/submissionOf';
import type { Draft } from '../draft/workspace';

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => isEqual(left[name], right[name]));
}

/** As it comes back from what the server kept: without what says no more than to leave it out. */
const plain = (language: Language, submission: Submission) => submissionOf(language, draftOf(language, submission));

/** `ran` is what was sent, or what the server says that it was. */
export function isStale(ran: Submission, language: Language, draft: Draft): boolean {
  if (!isCalled(language, ran.language)) return true;
  return !isEqual(plain(language, ran), plain(language, submissionOf(language, draft)));
}

/** What stood in each file. */
export function ranFiles(ran: Submission, language: Language): ReadonlyMap<string, string> {
  return new Map(draftOf(language, ran).tabs.map((tab) => [tab.name, tab.content]));
}
