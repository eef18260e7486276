// SPDX-License-Identifier: MIT
/** What is kept may be damaged, or of another version of the page: a draft that the page can work with, made of it. */
import type { CompareMode } from '../api/types';
import { emptyDraft, newKey, type Draft } from './draft';

interface Read {
  /** null: there is no code in it. */
  draft: Draft | null;
  /** Nothing that somebody wrote had to be left out. */
  isWhole: boolean;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const fields = (value: unknown) => Object(value) as Record<string, unknown>;

/** Each field as it is given, if it is of the type that it usually has; null stands for a number that is not set. */
function like<T extends object>(usual: T, value: unknown): T {
  const given = fields(value);
  return Object.fromEntries(
    Object.entries(usual).map(([name, one]) => [name, typeof given[name] === typeof (one ?? 0) ? given[name] : one]),
  ) as T;
}

const COMPARE: readonly string[] = ['trailing', 'exact', 'tokens', 'float'] satisfies CompareMode[];

export function readDraft(kept: unknown): Read {
  const usual = emptyDraft('untitled', '');
  const draft = like(usual, kept);
  const keys = new Set<string>();
  /** Two of a kind would be shown as one. */
  const withOwnKey = <T extends { key: string }>(one: T): T => {
    const key = one.key && !keys.has(one.key) ? one.key : newKey();
    keys.add(key);
    return { ...one, key };
  };

  const { tabs, cases, sharedFrom } = fields(kept);
  const files = list(tabs);
  const tests = list(cases);
  draft.tabs = files
    .filter((file) => isText(fields(file)['content']))
    .map((file) => withOwnKey(like({ key: '', name: 'untitled', content: '' }, file)));
  draft.cases = tests
    .filter((test) => Object(test) === test)
    .map((test) => withOwnKey(like({ key: '', name: '', stdin: '', expected: '' }, test)));
  const [first] = draft.tabs;
  if (!first) return { draft: null, isWhole: false };

  if (!draft.tabs.some(({ key }) => key === draft.activeTab)) draft.activeTab = first.key;
  draft.args = list(draft.args).filter(isText);
  draft.limits = like(usual.limits, draft.limits);
  draft.badLimits = {};
  if (!COMPARE.includes(draft.compare)) draft.compare = usual.compare;
  if (!(draft.tolerance >= 0 && draft.tolerance <= 1)) draft.tolerance = usual.tolerance;
  if (isText(sharedFrom)) draft.sharedFrom = sharedFrom;
  return { draft, isWhole: draft.tabs.length === files.length && draft.cases.length === tests.length };
}
