// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiProblem } from '../api/client';
import { currentDraft, emptyDraft, useWorkspace } from '../draft/workspace';
import { NOTHING, useRun } from '../run/run';
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
afterEach(() => {
  cleanup();
  useRun.setState({ ...NOTHING });
});
const frame = () => act(() => new Promise((done) => requestAnimationFrame(done)));
const cards = () => screen.getAllByRole('listitem');

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

  it('has one case open at a time, and what is done with all before them', async () => {
    for (let i = 0; i < 3; i++) click('Add a test');
    type('Input of test 3', '1 2');
    expect(screen.getAllByLabelText(/^Input of/)).toHaveLength(1);
    const places = screen.getAllByRole('button').map((one) => one.textContent);
    expect(places.slice(0, 2)).toEqual(['Add a test', 'Paste tests']);
    click(/^Test 1/);
    expect(screen.getByLabelText('Input of test 1')).toBeTruthy();
    expect(screen.queryByLabelText('Input of test 3')).toBeNull();
    expect(cards()[2]?.textContent).toContain('1 2');
    click('test 1');
    expect(screen.queryByLabelText(/^Input of/)).toBeNull();
  });

  it('keeps the focus where one works', async () => {
    for (let i = 0; i < 3; i++) click('Add a test');
    await frame();
    expect(document.activeElement).toBe(screen.getByLabelText('Input of test 3'));
    const up = screen.getByRole('button', { name: 'Move test 3 up' });
    up.focus();
    fireEvent.click(up);
    fireEvent.click(screen.getByRole('button', { name: 'Move test 2 up' }));
    const atTop = screen.getByRole('button', { name: 'Move test 1 up' });
    expect(document.activeElement).toBe(atTop);
    expect(atTop.getAttribute('aria-disabled')).toBe('true');
    expect((atTop as HTMLButtonElement).disabled).toBe(false);
    click('Remove test 1');
    await frame();
    expect(document.activeElement).toBe(within(cards()[0] as HTMLElement).getByRole('button'));
    for (let i = 0; i < 2; i++) {
      click(/^Test 1/);
      click('Remove test 1');
      await frame();
    }
    expect(document.activeElement?.textContent).toBe('Add a test');
    for (const leave of ['Cancel', 'Add tests']) {
      click('Paste tests');
      type('Test cases to paste', 'Input\n1\nOutput\n2\n');
      click(leave);
      await frame();
      expect(document.activeElement?.textContent, leave).toBe('Paste tests');
    }
  });

  it('opens the case that the server did not take, at what is wrong', async () => {
    for (let i = 0; i < 3; i++) click('Add a test');
    const sent = draft().cases.map(() => ({ name: '', stdin: '', expected_output: '' }));
    const problem = { type: '', title: '', status: 422, code: 'invalid_field', request_id: 'r' };
    const field = 'test_cases[1].stdin';
    const error = new ApiProblem({ ...problem, detail: `${field}: it has more than 8 bytes`, field }, null);
    act(() => useRun.setState({ phase: 'failed', error, request: { language: 'c', test_cases: sent } }));
    await frame();
    const input = screen.getByLabelText('Input of test 2');
    expect(document.activeElement).toBe(input);
    expect(input.getAttribute('aria-invalid')).toBe('true');
    const text = document.getElementById(input.getAttribute('aria-describedby') ?? '')?.textContent;
    expect(text).toBe('The input of test case 2: it has more than 8 bytes.');
    type('Input of test 2', '1');
    expect(input.getAttribute('aria-invalid')).toBe('false');
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
