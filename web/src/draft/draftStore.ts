// SPDX-License-Identifier: MIT
/** What this browser keeps of the drafts: an entry for each language, so that one cannot take the others with it. */
import { recall, recallInTab, remember, rememberInTab } from '../lib/storage';
import type { Draft } from './draft';
import { readDraft } from './draftShape';

const ENTRY = 'sentinel.draft.';
const ASIDE = 'sentinel.damaged.';
const CHOSEN = 'sentinel.language';
/** All drafts in one, as it was before. */
const OLD = 'sentinel.workspace.1';

/** The entries' texts as this page read or wrote them last. */
const known = new Map<string, string>();

function kept(prefix: string): string[] {
  try {
    return Object.keys(localStorage).flatMap((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : []));
  } catch {
    return [];
  }
}

export const keptLanguages = (): string[] => kept(ENTRY);

/** What was put aside, by language. */
export const keptAside = () => Object.fromEntries(kept(ASIDE).map((language) => [language, recall(ASIDE + language)]));

/** Where nobody looks for drafts, but where they can be found. */
export function moveAside(language: string): void {
  const text = recall(ENTRY + language);
  // First, as there may be no room for both.
  remember(ENTRY + language, null);
  remember(ASIDE + language, text);
}

/** Before anything is read. */
function takeOld(): void {
  const old = recall(OLD);
  if (old === null) return;
  remember(OLD, null);
  try {
    const { language, drafts } = JSON.parse(old) as { language?: unknown; drafts?: object };
    for (const [name, draft] of Object.entries(drafts ?? {})) {
      const place = recall(ENTRY + name) === null ? ENTRY : ASIDE;
      remember(place + name, JSON.stringify({ draft }));
    }
    if (typeof language === 'string') remember(CHOSEN, language);
  } catch {
    remember(ASIDE + 'all', old);
  }
}

takeOld();

function parsed(text: string): unknown {
  try {
    return (JSON.parse(text) as { draft?: unknown } | null)?.draft;
  } catch {
    return null;
  }
}

/** What is not as this page knows it, of the languages in which it may be replaced. */
export function newDrafts(mayReplace: (language: string) => boolean): {
  drafts: Record<string, Draft>;
  /** Languages of which something had to be left out. */
  damaged: string[];
} {
  const drafts: Record<string, Draft> = {};
  const damaged: string[] = [];
  for (const language of keptLanguages()) {
    const text = recall(ENTRY + language);
    if (text === null || text === known.get(language) || !mayReplace(language)) continue;
    known.set(language, text);
    const { draft, isWhole } = readDraft(parsed(text));
    if (draft) drafts[language] = draft;
    if (isWhole) continue;
    moveAside(language);
    damaged.push(language);
  }
  return { drafts, damaged };
}

/** Without the input and the tests that are longer than that. */
function lean(draft: Draft, most: number): Draft {
  return {
    ...draft,
    stdin: draft.stdin.length > most ? '' : draft.stdin,
    cases: draft.cases.filter(({ stdin, expected }) => stdin.length + expected.length <= most),
  };
}

export type Kept = 'whole' | 'partly' | 'not';

/** The code before all else, if there is no room for all. */
export function keepDraft(language: string, draft: Draft): Kept {
  for (const most of [Infinity, 10_000, 0]) {
    const text = JSON.stringify({ at: Date.now(), draft: lean(draft, most) });
    if (!remember(ENTRY + language, text)) continue;
    known.set(language, text);
    return most === Infinity ? 'whole' : 'partly';
  }
  return 'not';
}

/** A tab comes back with its own; a new one begins with the latest. */
export function keptLanguage(): string | null {
  const language = recallInTab(CHOSEN) ?? recall(CHOSEN);
  if (language !== null) rememberInTab(CHOSEN, language);
  return language;
}

export function keepLanguage(language: string): void {
  remember(CHOSEN, language);
  rememberInTab(CHOSEN, language);
}
