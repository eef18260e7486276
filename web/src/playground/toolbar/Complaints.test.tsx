// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { useLanguages } from '../../api/languages';
import type { Language } from '../../api/types';
import { changeDraft, useNotice } from '../../draft/notice';
import { emptyDraft, useWorkspace } from '../../draft/workspace';
import { Complaints } from './Complaints';
import { RunButton } from './RunButton';

const language = (name: string, title: string, available: boolean) =>
  ({ name, title, available, aliases: [] }) as unknown as Language;

beforeEach(() => {
  const languages = [language('c', 'C', true), language('go', 'Go', false)];
  useLanguages.setState({ languages });
  const draft = emptyDraft('main', '');
  useWorkspace.setState({ language: 'c', drafts: { c: draft, go: draft, cobol: draft }, trouble: null });
  render(
    <>
      <Complaints />
      <RunButton />
    </>,
  );
});
afterEach(cleanup);

it('says which language the server does not have', () => {
  expect(screen.queryByText(/This server has no/)).toBeNull();
  act(() => useWorkspace.setState({ language: 'cobol' }));
  expect(screen.getByRole('alert').textContent).toBe(
    'This server has no COBOL now. Your code is kept; choose another language.',
  );
  act(() => useWorkspace.setState({ language: 'go' }));
  expect(screen.getByRole('alert').textContent).toMatch(/^This server has no Go now/);
});

it('says nothing of it before the server has said which there are', () => {
  act(() => useLanguages.setState({ languages: null }));
  act(() => useWorkspace.setState({ language: 'cobol' }));
  expect(screen.queryByText(/This server has no/)).toBeNull();
});

it('says once that something is not kept', () => {
  const fail = () => act(() => useWorkspace.setState({ trouble: { kind: 'not', languages: ['c'] } }));
  fail();
  screen.getByText(/It is lost when this page is closed/);
  act(() => useNotice.getState().dismiss());
  fail();
  expect(screen.queryByText(/It is lost/)).toBeNull();
  act(() => useWorkspace.setState({ trouble: { kind: 'damaged', languages: ['go', 'c'] } }));
  screen.getByText(/\(c, go\) was damaged/);
});

it.each(['Undo', 'Dismiss'])('leaves the focus to Run after %s', (name) => {
  act(() => changeDraft({ stdin: 'x' }, 'It was changed.'));
  const button = screen.getByRole('button', { name });
  button.focus();
  fireEvent.click(button);
  expect(screen.queryByRole('button', { name })).toBeNull();
  expect(document.activeElement).toBe(screen.getByRole('button', { name: /^Run/ }));
});
