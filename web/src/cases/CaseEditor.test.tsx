// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentDraft, emptyDraft, useWorkspace } from '../draft/workspace';
import { CaseEditor } from './CaseEditor';
import { MOST_PASTED } from './parseCases';

function draft() {
  const now = currentDraft(useWorkspace.getState());
  if (!now) throw new Error('there is no draft');
  return now;
}
const click = (name: string | RegExp) => fireEvent.click(screen.getByRole('button', { name }));
const type = (label: string | RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

beforeEach(() => {
  useWorkspace.getState().restore('c', emptyDraft('main.c', ''));
  render(<CaseEditor />);
});
afterEach(cleanup);

describe('the editor of test cases', () => {
  it('adds, fills, moves, copies and removes', () => {
    click('Add a test');
    type('Input of test 1', '1 2\n');
    type('Expected output of test 1', '3\n');
    type('Name of test 1', 'small');
    expect(draft().cases).toMatchObject([{ name: 'small', stdin: '1 2\n', expected: '3\n' }]);
    click('Duplicate small');
    expect(draft().cases.map((one) => one.name)).toEqual(['small', 'small (copy)']);
    click('Move small (copy) up');
    expect(draft().cases.map((one) => one.name)).toEqual(['small (copy)', 'small']);
    click('Remove small (copy)');
    expect(draft().cases.map((one) => one.name)).toEqual(['small']);
  });

  it('sets how outputs are compared', () => {
    click('Add a test');
    type('Compare', 'float');
    type('Tolerance', '1e-3');
    fireEvent.click(screen.getByLabelText('Stop at the first failure'));
    expect(draft()).toMatchObject({ compare: 'float', tolerance: 0.001, stopAtFirst: true });
    type(/^Tolerance/, 'much');
    expect(draft().tolerance).toBe(0.001);
    expect(screen.getByText('a number from 0 to 1')).toBeTruthy();
  });

  it('takes cases from the clipboard', () => {
    click('Paste tests');
    type('Test cases to paste', 'nothing of use');
    click('Add tests');
    expect(screen.getByText(/No test cases found in this/)).toBeTruthy();
    type('Test cases to paste', 'x'.repeat(MOST_PASTED + 1));
    click('Add tests');
    expect(screen.getByText(/up to 4,000,000 characters are read/)).toBeTruthy();
    type('Test cases to paste', 'Input\n1\nOutput\n2\nInput\n3\nOutput\n4\n');
    click('Add tests');
    expect(draft().cases).toMatchObject([
      { stdin: '1\n', expected: '2\n' },
      { stdin: '3\n', expected: '4\n' },
    ]);
    expect(screen.getByText('2 tests added.')).toBeTruthy();
  });
});
