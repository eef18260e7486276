// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { beforeEach, expect, it } from 'vitest';
import type { Language, Submission } from '../api/types';
import { useNotice } from '../draft/notice';
import { currentDraft, emptyDraft, useWorkspace } from '../draft/workspace';
import { adoptShared } from './adoptShared';

const C = { name: 'c', file_name: 'main.c', example: 'an example', aliases: ['gcc'], available: true };
const LANGUAGES = [C as unknown as Language];
const SHARED: Submission = { language: 'c', source_code: 'shared', user_id: 'somebody' };

const code = () => currentDraft(useWorkspace.getState())?.tabs[0]?.content;
const edit = (content: string) =>
  useWorkspace.getState().edit(({ tabs }) => ({ tabs: tabs.map((tab) => ({ ...tab, content })) }));
function visit(id: string, request: Submission = SHARED) {
  useNotice.getState().dismiss();
  adoptShared(id, request, LANGUAGES);
}
const act = () => useNotice.getState().action?.run();

beforeEach(() => {
  sessionStorage.clear();
  useWorkspace.setState({ language: 'c', drafts: { c: emptyDraft('main.c', 'mine') } });
});

it('takes the shared code, and gives back what was there', () => {
  visit('one', { ...SHARED, language: 'gcc' });
  expect(code()).toBe('shared');
  act();
  expect(code()).toBe('mine');
});

it('leaves alone what was made of it, also in another tab', () => {
  visit('one');
  edit('shared, and mended');
  visit('one');
  expect(code()).toBe('shared, and mended');
  sessionStorage.clear();
  visit('one');
  expect(code()).toBe('shared, and mended');
});

it('leaves alone what took its place before the page was loaded again', () => {
  visit('one');
  act();
  edit('mine, and more');
  visit('one');
  expect(code()).toBe('mine, and more');
});

it('offers the shared code, and that can be undone', () => {
  visit('one');
  edit('mended');
  visit('one');
  expect(useNotice.getState().action?.label).toBe('Take the shared code');
  act();
  expect(code()).toBe('shared');
  act();
  expect(code()).toBe('mended');
});

it('says nothing when the code is there, and knows it for the next time', () => {
  edit('shared');
  visit('one');
  expect(useNotice.getState().text).toBeNull();
  sessionStorage.clear();
  edit('mended');
  visit('one');
  expect(code()).toBe('mended');
});

it('takes another one', () => {
  visit('one');
  edit('mended');
  visit('two', { ...SHARED, source_code: 'another' });
  expect(code()).toBe('another');
});
