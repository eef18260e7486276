// SPDX-License-Identifier: MIT
/** What is kept may be damaged, or of another version of the page: a draft that the page can work with, made of it. */
import type { CompareMode } from '../api/types';
import { newKey, type Draft } from './draft';

interface Read {
  /** null: there is no code in it. */
  draft: Draft | null;
  /** Nothing that somebody wrote had to be left out. */
  isWhole: boolean;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const text = (value: unknown, usual = '') => (isText(value) && value ? value : usual);
const number = (value: unknown) => (Number.isFinite(value) ? (value as number) : null);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const fields = (value: unknown): Record<string, unknown> => Object(value) as Record<string, unknown>;

const COMPARE: readonly unknown[] = ['trailing', 'exact', 'tokens', 'float'] satisfies CompareMode[];

export function readDraft(kept: unknown): Read {
  const given = fields(kept);
  const { compare, sharedFrom } = given;
  const keys = new Set<string>();
  /** Two of a kind would be shown as one. */
  const ownKey = (value: unknown) => {
    const key = isText(value) && !keys.has(value) ? value : newKey();
    keys.add(key);
    return key;
  };

  const files = list(given.tabs).map(fields);
  const tabs = files.flatMap(({ key, name, content }) =>
    isText(content) ? { key: ownKey(key), name: text(name, 'untitled'), content } : [],
  );
  const tests = list(given.cases).map(fields);
  const cases = tests.flatMap(({ key, name, stdin, expected }) =>
    isText(stdin) || isText(expected)
      ? { key: ownKey(key), name: text(name), stdin: text(stdin), expected: text(expected) }
      : [],
  );
  const [first] = tabs;
  if (!first) return { draft: null, isWhole: false };

  const { timeMs, memoryKb, processes, outputKb } = fields(given.limits);
  const difference = number(given.tolerance);
  return {
    draft: {
      tabs,
      activeTab: (tabs.find(({ key }) => key === given.activeTab) ?? first).key,
      stdin: text(given.stdin),
      args: list(given.args).filter(isText),
      isInteractive: given.isInteractive === true,
      limits: {
        timeMs: number(timeMs),
        memoryKb: number(memoryKb),
        processes: number(processes),
        outputKb: number(outputKb),
      },
      isTesting: given.isTesting === true,
      cases,
      compare: COMPARE.includes(compare) ? (compare as CompareMode) : 'trailing',
      tolerance: difference !== null && difference >= 0 && difference <= 1 ? difference : 1e-6,
      stopAtFirst: given.stopAtFirst === true,
      ...(isText(sharedFrom) && { sharedFrom }),
    },
    isWhole: tabs.length === files.length && cases.length === tests.length,
  };
}
