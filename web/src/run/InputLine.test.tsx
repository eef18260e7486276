// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { useLanguages } from '../api/languages';
import type { Language } from '../api/types';
import { emptyDraft, useWorkspace } from '../draft/workspace';
import { RunButton } from '../playground/toolbar/RunButton';
import { InputLine } from './InputLine';
import { NOTHING, useRun } from './run';

beforeEach(() => {
  const python = { name: 'python', title: 'Python', available: true, aliases: [] } as unknown as Language;
  useLanguages.setState({ languages: [python] });
  useWorkspace.getState().restore('python', emptyDraft('main.py', ''));
  const request = { language: 'python', interactive: true };
  useRun.setState({ ...NOTHING, id: 'x', phase: 'following', transport: 'websocket', request, endInput: () => true });
  render(
    <>
      <RunButton />
      <InputLine />
    </>,
  );
});
afterEach(cleanup);

const line = () => screen.getByLabelText<HTMLInputElement>(/^Type input/);

it('leaves the focus to Run when the program ends', () => {
  expect(document.activeElement).toBe(line());
  act(() => useRun.setState({ phase: 'over' }));
  expect(document.activeElement).toBe(screen.getByRole('button', { name: /^Run/ }));
});

it('keeps the focus when the input ends', () => {
  fireEvent.keyDown(line(), { key: 'd', ctrlKey: true });
  expect(screen.getByRole('status').textContent).toBe('You ended the input.');
  expect(line().disabled).toBe(false);
  expect(line().readOnly).toBe(true);
});

it('keeps the focus on Stop while it stops, and on Run after', () => {
  const stop = screen.getByRole<HTMLButtonElement>('button', { name: /^Stop/ });
  stop.focus();
  act(() => useRun.setState({ isStopping: true }));
  expect(screen.getByRole('button', { name: 'Stopping' })).toBe(stop);
  expect(stop.disabled).toBe(false);
  expect(stop.getAttribute('aria-disabled')).toBe('true');
  act(() => useRun.setState({ isStopping: false, phase: 'over' }));
  expect(document.activeElement).toBe(screen.getByRole('button', { name: /^Run/ }));
});
