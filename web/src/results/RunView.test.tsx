// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiProblem, Unreachable } from '../api/client';
import { useReveal } from '../editor/reveal';
import { NOTHING, useRun, type Run } from '../run/run';
import { Announcement } from './Announcement';
import RunView from './RunView';
import { caseResult, compileStep, ENFORCED, job } from './samples';

const show = (run: Partial<Run>) => {
  useRun.setState({ ...NOTHING, chunks: [], ...run });
  return render(
    <>
      <Announcement />
      <RunView />
    </>,
  );
};

const over = (change: Parameters<typeof job>[0], run: Partial<Run> = {}) => {
  const ended = job(change);
  return show({ id: ended.id, phase: 'over', status: ended.status, job: ended, cases: ended.test_cases ?? [], ...run });
};

/** The first is what is told of the run. */
const told = () => screen.getAllByRole('status')[0]?.textContent;

beforeEach(() => {
  vi.stubGlobal('fetch', () => new Promise(() => undefined));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  useRun.setState({ ...NOTHING });
});

describe('a run that goes on', () => {
  it('says where it is, and which way that comes', () => {
    show({ phase: 'following', status: 'RUNNING', transport: 'websocket', begunAt: performance.now() });
    const stages = screen.getByRole('list', { name: 'Stages' });
    expect(within(stages).getByText('Running').closest('li')?.getAttribute('aria-current')).toBe('step');
    expect(screen.getByText('Live').title).toBe('Over a WebSocket');
    expect(told()).toBe('Running');
    act(() => useRun.setState({ transport: 'sse' }));
    expect(screen.getByText('Live, over a fallback connection (SSE)')).toBeTruthy();
    act(() => useRun.setState({ transport: 'polling' }));
    expect(screen.getByText('Checking twice a second')).toBeTruthy();
    expect(told()).toBe('Running, checking twice a second');
    act(() => useRun.setState({ transport: null }));
    expect(screen.getByText('Connection lost, trying again')).toBeTruthy();
  });

  it('does not call a connection lost that has not come about yet', () => {
    show({ phase: 'following', status: 'QUEUED' });
    expect(screen.getByText('Connecting')).toBeTruthy();
    expect(told()).toBe('Queued');
    act(() => useRun.setState({ transport: null }));
    expect(told()).toBe('Queued, connection lost, trying again');
  });

  it('is told of in a place that was there, and empty, before', () => {
    show({});
    const place = screen.getAllByRole('status')[0];
    expect(place?.textContent).toBe('');
    act(() => useRun.setState({ phase: 'submitting' }));
    expect(screen.getAllByRole('status')[0]).toBe(place);
    expect(place?.textContent).toBe('Submitting');
  });

  it('shows output as it comes, and voids it when the run begins anew', () => {
    const chunks: Run['chunks'] = [{ stream: 'stdout', text: 'one ' }];
    show({ phase: 'following', status: 'RUNNING', transport: 'sse', chunks, version: 1 });
    const log = screen.getByRole('log', { name: 'Output' });
    expect(log.textContent).toBe('one ');
    act(() => {
      chunks.push({ stream: 'stderr', text: 'two' });
      useRun.setState({ version: 2 });
    });
    expect(log.textContent).toBe('one two');
    expect(within(log).getByText('two').className).toContain('ink-stderr');
    act(() => useRun.setState({ chunks: [{ stream: 'stdout', text: 'again' }], version: 3 }));
    expect(log.textContent).toBe('again');
  });

  it('does not read output aloud', () => {
    show({ phase: 'following', status: 'RUNNING', transport: 'sse' });
    expect(screen.getByRole('log').getAttribute('aria-live')).toBe('off');
  });
});

describe('a run that is over', () => {
  it('says how it ended, to the eye and to the ear', () => {
    over({ status: 'TIMEOUT', limit: 'cpu', cpu_time_ms: 10_000, exit_code: null, signal: 9 });
    expect(screen.getByText('Time limit exceeded')).toBeTruthy();
    expect(screen.getByText('Stopped after 10 s of CPU time, its limit.')).toBeTruthy();
    expect(told()).toBe('Time limit exceeded. Stopped after 10 s of CPU time, its limit.');
    expect(screen.getByRole('meter', { name: 'CPU time' }).getAttribute('aria-valuetext')).toBe('10 s of 10 s');
    expect(screen.getByText('9 SIGKILL')).toBeTruthy();
  });

  it('has no fault to show where its person cancelled it', () => {
    over({ status: 'CANCELLED', exit_code: null, signal: 9 });
    expect(screen.getByText('9 SIGKILL').className).not.toContain('text-bad');
    cleanup();
    over({ status: 'RUNTIME_ERROR', exit_code: null, signal: 9 });
    expect(screen.getByText('9 SIGKILL').className).toContain('text-bad');
  });

  it('shows what the server kept where nothing was followed', () => {
    over({ stdout: 'kept\n' });
    expect(screen.getByRole('log').textContent).toBe('kept');
  });

  it('filters the streams', () => {
    over({ stdout: 'out\n', stderr: 'err\n' });
    expect(screen.getByRole('log').textContent).toBe('outerr');
    fireEvent.click(screen.getByRole('button', { name: 'stderr' }));
    expect(screen.getByRole('log').textContent).toBe('err');
    expect(screen.queryByRole('button', { name: 'Compiler' })).toBeNull();
  });

  it('tells what was cut and what is no text', () => {
    over({ status: 'OUTPUT_LIMIT_EXCEEDED', stdout: btoa('\xff'), stdout_encoding: 'base64', stdout_truncated: true });
    expect(screen.getByText('stdout was cut at its limit of 1 MB.')).toBeTruthy();
    expect(screen.getByText(/Some bytes are not text/).textContent).toContain('Download has them.');
  });

  it('leads from a message of the compiler to its line', () => {
    over({
      status: 'COMPILATION_ERROR',
      running_at: null,
      compile: compileStep({ verdict: 'COMPILATION_ERROR', exit_code: 1 }),
      compile_output: 'main.c:3:10: error: no such thing\n',
      compile_output_encoding: 'utf-8',
      stdout: '',
    });
    expect(screen.getByText('It did not compile: 1 error.')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: /no such thing/ }));
    expect(useReveal.getState().place).toMatchObject({ file: 'main.c', line: 3 });
    expect(screen.getByRole('log', { name: 'Output of the compiler' }).textContent).toContain('no such thing');
  });

  it('never makes markup of what was printed', () => {
    over({ stdout: '<img src=x onerror=alert(1)><b>bold</b>\n' });
    expect(document.querySelector('[role=log] img, [role=log] b')).toBeNull();
    expect(screen.getByRole('log').textContent).toContain('<b>bold</b>');
  });

  it('opens on the tests, with the difference of the first that failed', () => {
    const cases = [
      caseResult(0),
      caseResult(1, { status: 'WRONG_ANSWER', stdout: '4\n', explanation: 'line 1: expected "3", found "4"' }),
      caseResult(2, { status: 'CANCELLED' }),
    ];
    over(
      { status: 'WRONG_ANSWER', test_cases: cases },
      { request: { language: 'c', test_cases: [{ name: 'small' }, { stdin: '1 2\n', expected_output: '3\n' }, {}] } },
    );
    expect(screen.getByRole('tab', { name: 'Tests 1/3' }).getAttribute('aria-selected')).toBe('true');
    expect(screen.getByText('1 of 3 passed, 1 not run')).toBeTruthy();
    expect(screen.getByText('Not run')).toBeTruthy();
    expect(screen.getByText('line 1: expected "3", found "4"')).toBeTruthy();
    const difference = screen.getByRole('group', { name: 'Difference' });
    expect(within(difference).getByText('3')).toBeTruthy();
    expect(within(difference).getByText('4')).toBeTruthy();
  });

  it('names what held it, and what did not', () => {
    over({ enforced: { ...ENFORCED, relaxed: ['apparmor'], notes: ['a note'] } });
    fireEvent.click(screen.getByRole('tab', { name: 'Details' }));
    expect(screen.getByText('System call filter')).toBeTruthy();
    expect(screen.getByText(/relaxed by the operator/)).toBeTruthy();
    expect(screen.getByText('a note')).toBeTruthy();
    expect(screen.queryByText('Denied call')).toBeNull();
    expect(screen.getByText('Process limit').nextElementSibling?.textContent).toBe('64 at once');
  });

  it('shows the call that was denied before all that held it, arguments and all', () => {
    const denied_syscall = 'socket(AF_INET, SOCK_STREAM, 0)';
    over({ status: 'SECURITY_VIOLATION', enforced: { ...ENFORCED, denied_syscall } });
    expect(told()).toBe(`Security violation. Blocked: it called ${denied_syscall}, which the policy does not allow.`);
    fireEvent.click(screen.getByRole('tab', { name: 'Details' }));
    const call = screen.getByRole('group', { name: 'Denied call' });
    expect(call.textContent).toContain(denied_syscall);
    expect(call.closest('details'), 'it is seen without opening anything').toBeNull();
    const layers = screen.getByText('What was enforced');
    expect(call.compareDocumentPosition(layers) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
  });
});

describe('a run that cannot be shown', () => {
  it('is gone, or of somebody else', () => {
    const problem = { type: '', title: '', status: 404, code: 'no_such_submission', detail: 'none', request_id: '' };
    show({ id: 'x', phase: 'failed', error: new ApiProblem(problem, null) });
    expect(screen.getByRole('heading', { name: 'There is no such run here' })).toBeTruthy();
    expect(screen.queryByRole('tab')).toBeNull();
  });

  it('waits for a server', () => {
    show({ id: 'x', phase: 'failed', error: new Unreachable(null) });
    expect(screen.getByRole('heading', { name: 'The server is not responding' })).toBeTruthy();
  });
});
