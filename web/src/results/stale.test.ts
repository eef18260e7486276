// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { Language } from '../api/types';
import { submissionOf } from '../draft/submission';
import { emptyDraft, newKey, type Draft } from '../draft/workspace';
import { isStale, ranFiles } from './stale';

const CPP = { name: 'cpp', aliases: ['c++'], file_name: 'main.cpp' } as Language;
const C = { name: 'c', aliases: [] as string[], file_name: 'main.c' } as Language;

const draft = (change: Partial<Draft> = {}): Draft => ({ ...emptyDraft('main.cpp', 'int main() {}'), ...change });
const ran = submissionOf(CPP, draft());
const aCase = { key: 'k', name: '', stdin: '1\n', expected: '2\n' };

describe('a run is stale', () => {
  const changes: [what: string, change: Partial<Draft>][] = [
    ['the source', { tabs: [{ key: 'a', name: 'main.cpp', content: 'int main() { }' }] }],
    ['a name', { tabs: [{ key: 'a', name: 'other.cpp', content: 'int main() {}' }] }],
    ['a file more', { tabs: [...draft().tabs, { key: newKey(), name: 'x.h', content: '' }] }],
    ['the input', { stdin: 'x' }],
    ['the arguments', { args: ['x'] }],
    ['the way of input', { isInteractive: true }],
    ['a limit', { limits: { ...draft().limits, timeMs: 1000 } }],
    ['tests', { isTesting: true, cases: [aCase] }],
  ];
  it.each(changes)('after a change of %s', (_what, change) => {
    expect(isStale(ran, CPP, draft(change))).toBe(true);
  });

  it('when another language is shown', () => {
    expect(isStale(ran, C, draft())).toBe(true);
    expect(isStale({ ...ran, language: 'c++' }, CPP, draft())).toBe(false);
  });
});

describe('a run is not stale', () => {
  it.each<[what: string, change: Partial<Draft>]>([
    ['nothing is changed', {}],
    ['another file is looked at', { activeTab: 'x' }],
    ['there are tests that are not run', { cases: [aCase] }],
    ['what the server takes by itself is asked for', { limits: { ...draft().limits, outputKb: 1024 } }],
  ])('when %s', (_what, change) => {
    expect(isStale(ran, CPP, draft(change))).toBe(false);
  });

  it('as the server gives it back', () => {
    const kept = {
      language: 'c++',
      files: [{ path: 'main.cpp', content: btoa('int main() {}'), encoding: 'base64' as const }],
      entry: 'main.cpp',
      output_limit_kb: 1024,
    };
    expect(isStale(kept, CPP, draft())).toBe(false);
  });
});

it('knows what stood in each file', () => {
  const tabs = [...draft().tabs, { key: 'b', name: 'x.h', content: '#define X' }];
  expect([...ranFiles(submissionOf(CPP, draft({ tabs })), CPP)]).toEqual([
    ['main.cpp', 'int main() {}'],
    ['x.h', '#define X'],
  ]);
});
