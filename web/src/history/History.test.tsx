// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { currentUser, setKey } from '../api/key';
import { useLanguages } from '../api/languages';
import type { JobLine, Language } from '../api/types';
import { useNotice } from '../draft/notice';
import { emptyDraft, useWorkspace } from '../draft/workspace';
import { exactTime } from '../lib/format';
import { job, LIMITS } from '../results/samples';
import { useRun } from '../run/run';
import { History } from './History';
import { rememberRun } from './known';

const PYTHON: Language = {
  name: 'python',
  title: 'Python',
  version: '3.11',
  aliases: ['py'],
  available: true,
  compiled: false,
  file_name: 'main.py',
  package: 'python3',
  limits: LIMITS,
  compile_limits: null,
};

const line = (id: string, change: Partial<JobLine> = {}): JobLine => ({
  id,
  job_id: id,
  status: 'SUCCESS',
  language: 'python',
  user_id: null,
  attempt: 1,
  cancel_requested: false,
  created_at: new Date().toISOString(),
  finished_at: null,
  time_used_ms: 12,
  memory_used_kb: 2048,
  ...change,
});

const NONE = { submissions: [], next_cursor: null };
let asked: string[] = [];
let answer: (path: string) => unknown;

beforeEach(() => {
  asked = [];
  answer = () => NONE;
  setKey('');
  useLanguages.setState({ languages: [PYTHON], error: null });
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path);
    const body = answer(path);
    if (body instanceof Error) return Promise.reject(body);
    return Promise.resolve(new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } }));
  });
});
afterEach(() => {
  cleanup();
  setKey('');
  vi.unstubAllGlobals();
});

const shown = () => screen.queryAllByRole('listitem').length;

describe('the history', () => {
  it('is of this browser, or of the key', async () => {
    render(<History onClose={() => undefined} />);
    await screen.findByText(/Nothing was run yet/);
    expect(asked[0]).toContain(`user_id=${currentUser()}`);
    cleanup();
    setKey('secret');
    render(<History onClose={() => undefined} />);
    await waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]).not.toContain('user_id');
  });

  it('shows more, and each once', async () => {
    answer = (path) =>
      path.includes('cursor=')
        ? { submissions: [line('b'), line('c')], next_cursor: null }
        : { submissions: [line('a'), line('b')], next_cursor: 'b' };
    render(<History onClose={() => undefined} />);
    fireEvent.click(await screen.findByRole('button', { name: 'Show more' }));
    await waitFor(() => expect(shown()).toBe(3));
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull();
  });

  it('asks the server for a language and a status, and looks for text itself', async () => {
    answer = () => ({ submissions: [line('a'), line('b', { status: 'TIMEOUT' })], next_cursor: null });
    render(<History onClose={() => undefined} />);
    await waitFor(() => expect(shown()).toBe(2));
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'time limit' } });
    expect(shown()).toBe(1);
    expect(asked).toHaveLength(1);
    fireEvent.change(screen.getByLabelText('Status'), { target: { value: 'TIMEOUT' } });
    fireEvent.change(screen.getByLabelText('Language'), { target: { value: 'python' } });
    await waitFor(() => {
      expect(asked.at(-1)).toContain('language=python');
      expect(asked.at(-1)).toContain('status=TIMEOUT');
    });
  });

  it('tells runs apart by their code, finds them by it, and shows when the others were', async () => {
    rememberRun('a', {
      language: 'python',
      source_code: '# sums\nprint(sum(numbers))',
      files: [{ path: 'data.txt', content: '' }],
    });
    answer = () => ({ submissions: [line('a'), line('b', { created_at: '2026-01-01T12:00:00Z' })], next_cursor: null });
    render(<History onClose={() => undefined} />);
    await screen.findByText('print(sum(numbers))');
    expect(screen.getByText('data.txt')).toBeTruthy();
    expect(screen.getByText(exactTime('2026-01-01T12:00:00Z'))).toBeTruthy();
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'sum(' } });
    expect(shown()).toBe(1);
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'data.txt' } });
    expect(shown()).toBe(1);
  });

  it('has no figures of what never ran', async () => {
    answer = () => ({
      submissions: [line('a', { status: 'COMPILATION_ERROR', time_used_ms: 0, memory_used_kb: 0 })],
      next_cursor: null,
    });
    render(<History onClose={() => undefined} />);
    expect((await screen.findByRole('listitem')).textContent).not.toMatch(/\b0 (ms|B)/);
  });

  it('brings a run back, and what it takes the place of can be had back', async () => {
    const show = vi.fn(() => Promise.resolve());
    const close = vi.fn();
    useRun.setState({ show });
    useWorkspace.getState().restore('python', emptyDraft('main.py', 'my own work'));
    answer = (path) =>
      path.includes('/submissions/')
        ? { ...job({ id: 'a', language: 'python' }), request: { language: 'py', source_code: 'print(1)', stdin: 'x' } }
        : { submissions: [line('a')], next_cursor: null };
    render(<History onClose={close} />);
    fireEvent.click(await screen.findByRole('button', { name: /^Success/ }));
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(useWorkspace.getState().drafts['python']).toMatchObject({ stdin: 'x', tabs: [{ content: 'print(1)' }] });
    expect(show).toHaveBeenCalledWith('a');
    useNotice.getState().action?.run();
    expect(useWorkspace.getState().drafts['python']?.tabs[0]?.content).toBe('my own work');
  });

  it('leaves what is written where it is what was run, and says nothing of it', async () => {
    const close = vi.fn();
    useRun.setState({ show: () => Promise.resolve() });
    const mine = { ...emptyDraft('main.py', 'print(1)'), stdin: 'x' };
    const open = async (draft: typeof mine) => {
      close.mockClear();
      useNotice.getState().dismiss();
      useWorkspace.getState().restore('python', draft);
      fireEvent.click(await screen.findByRole('button', { name: /^Success/ }));
      await waitFor(() => expect(close).toHaveBeenCalled());
    };
    answer = (path) =>
      path.includes('/submissions/')
        ? { ...job({ id: 'a', language: 'python' }), request: { language: 'py', source_code: 'print(1)', stdin: 'x' } }
        : { submissions: [line('a')], next_cursor: null };
    render(<History onClose={close} />);
    await open(mine);
    expect(useNotice.getState().text).toBeNull();
    expect(useWorkspace.getState().drafts['python']).toBe(mine);
    await open({ ...mine, stdin: 'another' });
    expect(useNotice.getState().text).toBe('Your input, tests and limits were replaced by that run’s.');
  });

  it('has the focus where one searches', async () => {
    answer = () => ({ submissions: [line('a')], next_cursor: null });
    render(<History onClose={() => undefined} />);
    await screen.findByRole('listitem');
    expect(document.activeElement).toBe(screen.getByRole('searchbox'));
  });

  it('says that the server is gone, and has the lines when it is back', async () => {
    answer = () => new TypeError('failed');
    render(<History onClose={() => undefined} />);
    expect((await screen.findByRole('alert')).textContent).toContain('is not responding');
    answer = () => ({ submissions: [line('a')], next_cursor: null });
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(shown()).toBe(1));
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
