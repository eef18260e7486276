// SPDX-License-Identifier: MIT
import { beforeEach, describe, expect, it } from 'vitest';
import type { Language } from '../api/types';
import { isPrecious } from './isPrecious';
import { changeDraft, replaceDraft, useNotice } from './notice';
import { currentDraft, emptyDraft, useWorkspace, type Draft } from './workspace';

const PYTHON = { name: 'python', file_name: 'main.py', example: 'print("hello")\n' } as Language;

const draft = (): Draft => {
  const there = currentDraft(useWorkspace.getState());
  if (!there) throw new Error('there is no draft');
  return there;
};
const write = (content: string) =>
  useWorkspace.getState().edit(({ tabs }) => ({ tabs: tabs.map((tab) => ({ ...tab, content })) }));
const put = (content: string) =>
  replaceDraft(
    'python',
    { ...emptyDraft('main.py', content), isUntouched: true },
    isPrecious(draft(), PYTHON),
    'Your code was replaced.',
  );
const content = () => draft().tabs[0]?.content;
const notice = () => useNotice.getState();

beforeEach(() => {
  notice().dismiss();
  useWorkspace.setState({ language: 'python', drafts: { python: emptyDraft('main.py', '') } });
});

describe('what took the place of something', () => {
  it('gives it back', () => {
    write('mine');
    put('an example');
    expect(notice().text).toBe('Your code was replaced.');
    notice().action?.run();
    expect(content()).toBe('mine');
    expect(notice().text).toBeNull();
  });

  it('does not offer to throw away what was written since', () => {
    write('mine');
    put('an example');
    write('an example, changed');
    expect(notice().text).toBeNull();
    expect(notice().action).toBeNull();
  });

  it('still offers it after a look at another file', () => {
    write('mine');
    put('an example');
    useWorkspace.getState().edit({ activeTab: draft().activeTab });
    expect(notice().action).not.toBeNull();
  });

  it('says nothing when it replaces an example that nobody changed', () => {
    put('one');
    put('another');
    expect(notice().text).toBeNull();
    write('another, changed');
    put('one');
    expect(notice().text).not.toBeNull();
  });
});

it('a change that can be undone cannot after the next one', () => {
  changeDraft({ stdin: 'x' }, 'Changed.');
  expect(notice().action).not.toBeNull();
  useWorkspace.getState().edit({ stdin: 'y' });
  expect(notice().action).toBeNull();
});
