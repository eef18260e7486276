// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { currentUser } from '../api/key';
import type { Language, Submission } from '../api/types';
import { draftOf, submissionOf } from './submission';
import { emptyDraft, type Draft } from './workspace';

const CPP: Language = {
  name: 'cpp',
  title: 'C++',
  version: '12',
  aliases: ['c++'],
  available: true,
  compiled: true,
  file_name: 'main.cpp',
  package: 'g++',
  limits: null,
  compile_limits: null,
};

const draft = (change: Partial<Draft> = {}): Draft => ({ ...emptyDraft('main.cpp', 'int main() {}'), ...change });

/** Keys are of the page alone, and so is whether one changed it. */
const withoutKeys = ({ tabs, cases, activeTab, ...rest }: Draft) => ({
  ...rest,
  isUntouched: true,
  active: tabs.findIndex((tab) => tab.key === activeTab),
  tabs: tabs.map(({ name, content }) => ({ name, content })),
  cases: cases.map(({ name, stdin, expected }) => ({ name, stdin, expected })),
});

describe('submissionOf', () => {
  it('leaves out what is not asked for', () => {
    expect(submissionOf(CPP, draft())).toEqual({
      language: 'cpp',
      source_code: 'int main() {}',
      user_id: currentUser(),
    });
  });
  it('lays other files beside the source', () => {
    const tabs = [
      { key: 'a', name: 'prog.cpp', content: '1' },
      { key: 'b', name: 'lib/x.h', content: '2' },
    ];
    expect(submissionOf(CPP, draft({ tabs }))).toMatchObject({
      source_code: '1',
      file_name: 'prog.cpp',
      files: [{ path: 'lib/x.h', content: '2' }],
    });
  });
  it('gives cases instead of input, which the server does not take together', () => {
    const change = {
      stdin: 'x',
      isInteractive: true,
      isTesting: true,
      stopAtFirst: true,
      cases: [{ key: 'k', name: '', stdin: '1\n', expected: '2\n' }],
    };
    const submission = submissionOf(CPP, draft(change));
    expect(submission).toMatchObject({
      test_cases: [{ stdin: '1\n', expected_output: '2\n' }],
      compare: { mode: 'trailing' },
      stop_at_first_failure: true,
    });
    expect(submission.compare).not.toHaveProperty('tolerance');
    expect(submission.test_cases?.[0]).not.toHaveProperty('name');
    expect(submission).not.toHaveProperty('stdin');
    expect(submission).not.toHaveProperty('interactive');
    expect(submissionOf(CPP, draft({ ...change, compare: 'float', tolerance: 0.1 })).compare).toEqual({
      mode: 'float',
      tolerance: 0.1,
    });
  });
  it('has Python print at once where somebody watches', () => {
    const PYTHON = { ...CPP, name: 'python', file_name: 'main.py' };
    const cases = [{ key: 'k', name: '', stdin: '', expected: '' }];
    expect(submissionOf(PYTHON, draft()).env).toEqual({ PYTHONUNBUFFERED: '1' });
    expect(submissionOf(PYTHON, draft({ isTesting: true, cases }))).not.toHaveProperty('env');
  });
  it('runs once where there are no cases', () => {
    expect(submissionOf(CPP, draft({ isTesting: true, stdin: 'x' }))).toMatchObject({ stdin: 'x' });
  });
});

describe('draftOf', () => {
  it('brings back what was sent', () => {
    const full = draft({
      args: ['a b', ''],
      compare: 'float',
      tolerance: 0.01,
      stopAtFirst: true,
      isTesting: true,
      cases: [{ key: 'k', name: 'one', stdin: '1\n', expected: '2\n' }],
      limits: { timeMs: 2000, memoryKb: 65_536, processes: 4, outputKb: 64 },
    });
    full.tabs.push({ key: 'b', name: 'x.h', content: '#define X' });
    expect(withoutKeys(draftOf(CPP, submissionOf(CPP, full)))).toEqual(withoutKeys(full));
    const once = draft({ stdin: 'in', isInteractive: true });
    expect(withoutKeys(draftOf(CPP, submissionOf(CPP, once)))).toEqual(withoutKeys(once));
  });
  it('takes the source from the files, where it is one of them', () => {
    const request: Submission = {
      language: 'c++',
      files: [
        { path: 'x.h', content: 'h' },
        { path: 'a.cpp', content: btoa('c'), encoding: 'base64' },
      ],
      entry: 'a.cpp',
    };
    expect(withoutKeys(draftOf(CPP, request)).tabs).toEqual([
      { name: 'a.cpp', content: 'c' },
      { name: 'x.h', content: 'h' },
    ]);
    expect(draftOf(CPP, { language: 'cpp' }).tabs).toHaveLength(1);
  });
  it('does not take what the server filled in for a wish', () => {
    expect(draftOf(CPP, { language: 'cpp', source_code: '', output_limit_kb: 1024 }).limits.outputKb).toBeNull();
  });
});
