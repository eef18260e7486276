// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { emptyDraft, keepDrafts, useWorkspace } from '../draft/workspace';
import { ErrorBoundary } from './ErrorBoundary';
import { isLoadFailure } from './Failure';

function Failing({ error }: { error: Error }): never {
  throw error;
}
const fail = (error: Error) =>
  render(
    <ErrorBoundary place="/">
      <Failing error={error} />
    </ErrorBoundary>,
  );
const button = (name: string) => screen.findByRole('button', { name });

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  localStorage.clear();
  useWorkspace.getState().restore('c', emptyDraft('main.c', 'mine'));
  keepDrafts();
});
afterEach(cleanup);

describe('a page that failed', () => {
  it('says so at once, and in full a little later', async () => {
    fail(new TypeError('tab is null'));
    expect(screen.getByText(/The page failed/)).toBeTruthy();
    await screen.findByText('TypeError: tab is null');
    await button('Load the page again');
  });

  it('puts what was written aside after it asked', async () => {
    fail(new TypeError('tab is null'));
    fireEvent.click(await button('Start afresh'));
    expect(document.activeElement).toBe(await button('Cancel'));
    fireEvent.click(await button('Cancel'));
    expect(localStorage.getItem('sentinel.draft.c')).toContain('mine');
    fireEvent.click(await button('Start afresh'));
    await button('Save a copy');
    fireEvent.click(await button('Put it aside and start afresh'));
    expect(localStorage.getItem('sentinel.draft.c')).toBeNull();
    expect(localStorage.getItem('sentinel.damaged.c')).toContain('mine');
  });

  it('does not offer that where it does not help', async () => {
    fail(new TypeError('Failed to fetch dynamically imported module: /a.js'));
    await button('Load the page again');
    expect(screen.queryByRole('button', { name: 'Start afresh' })).toBeNull();
  });

  it('works again at another place', async () => {
    const { rerender } = fail(new Error('no'));
    await button('Load the page again');
    rerender(<ErrorBoundary place="/dashboard">well</ErrorBoundary>);
    expect(screen.getByText('well')).toBeTruthy();
  });
});

it('tells what could not be loaded from what failed', () => {
  expect(isLoadFailure(new TypeError('Failed to fetch dynamically imported module: /a.js'))).toBe(true);
  expect(isLoadFailure(new TypeError('x is not a function'))).toBe(false);
  expect(isLoadFailure('dynamically imported module')).toBe(false);
});
