// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import type { Listener } from '../api/follow';
import { useRun } from './run';

const server = vi.hoisted(() => ({
  listeners: [] as Listener[],
  input: [] as string[],
  isOpen: true,
  closed: 0,
}));

vi.mock('../api/follow', async () => ({
  Told: (await import('../api/follow/told')).Told,
  follow: (_id: string, listener: Listener) => {
    server.listeners.push(listener);
    return {
      sendInput: (data: string) => {
        if (server.isOpen) server.input.push(data);
        return server.isOpen;
      },
      endInput: () => server.isOpen,
      close: () => server.closed++,
    };
  },
}));

type Answer = { status: number; body: unknown; headers?: Record<string, string> } | 'unreachable';
let answers: Answer[];
let requests: { method: string; path: string; headers: Record<string, string> }[];

const RECEIPT: Answer = { status: 202, body: { id: 'id-1', job_id: 'id-1', status: 'QUEUED', created_at: 'T' } };
const problem = (status: number, code: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body: { type: 'about:blank', title: code, status, code, detail: code, request_id: 'r' },
});

const REQUEST = { language: 'python', source_code: 'x' };
const wait = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const listener = (): Listener => {
  const last = server.listeners.at(-1);
  if (!last) throw new Error('nothing is followed');
  return last;
};
const text = () =>
  useRun
    .getState()
    .chunks.map((chunk) => chunk.text)
    .join('');
const out = (data: string) =>
  listener().onMessage({ type: 'stdout', data, data_encoding: 'utf-8', position: String(Math.random()) });

beforeEach(() => {
  vi.useFakeTimers();
  server.listeners = [];
  server.input = [];
  server.isOpen = true;
  server.closed = 0;
  answers = [];
  requests = [];
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    requests.push({ method: init.method ?? 'GET', path, headers: init.headers as Record<string, string> });
    const answer = answers.shift() ?? RECEIPT;
    if (answer === 'unreachable') return Promise.reject(new TypeError('gone'));
    return Promise.resolve(
      new Response(JSON.stringify(answer.body), { status: answer.status, headers: answer.headers ?? {} }),
    );
  });
});

afterEach(() => {
  useRun.getState().clear();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a run', () => {
  it('is submitted, followed and over', async () => {
    await useRun.getState().start(REQUEST);
    expect(useRun.getState()).toMatchObject({ phase: 'following', id: 'id-1', status: 'QUEUED' });
    listener().onTransport('websocket');
    listener().onMessage({ type: 'state', status: 'RUNNING', at: 'T', attempt: 1, position: '1' });
    out('hello');
    const before = useRun.getState().version;
    await wait(300);
    expect(text()).toBe('hello');
    expect(useRun.getState().version).toBeGreaterThan(before);
    listener().onMessage({ type: 'result', position: '2', status: 'SUCCESS', attempt: 1, id: 'id-1' } as never);
    expect(useRun.getState()).toMatchObject({ phase: 'over', status: 'SUCCESS', transport: 'websocket' });
  });

  it('shows a thousand messages of one frame by one change', async () => {
    await useRun.getState().start(REQUEST);
    let changes = 0;
    const stop = useRun.subscribe(() => changes++);
    for (let i = 0; i < 1000; i++) out('x');
    await wait(300);
    stop();
    expect(text()).toHaveLength(1000);
    expect(changes).toBe(1);
    expect(useRun.getState().chunks).toHaveLength(1);
  });

  it('is cleared of what it printed when it begins anew', async () => {
    await useRun.getState().start(REQUEST);
    out('old');
    await wait(300);
    out('also old');
    listener().onMessage({ type: 'restart', attempt: 2, position: '3' });
    expect(text()).toBe('');
    out('new');
    await wait(300);
    expect(text()).toBe('new');
    expect(useRun.getState().attempt).toBe(2);
  });

  it('waits for a server that is gone, and is not executed twice', async () => {
    answers = ['unreachable', 'unreachable'];
    const started = useRun.getState().start(REQUEST);
    await wait(100);
    expect(useRun.getState().phase).toBe('submitting');
    expect(useRun.getState().error).not.toBeNull();
    expect(useRun.getState().retryAt).not.toBeNull();
    await wait(5000);
    await started;
    expect(useRun.getState()).toMatchObject({ phase: 'following', error: null, retryAt: null });
    const keys = requests.map((request) => request.headers['Idempotency-Key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  it('waits as long as it is told to', async () => {
    answers = [problem(429, 'rate_limited', { 'Retry-After': '9' })];
    void useRun.getState().start(REQUEST);
    await wait(8900);
    expect(requests).toHaveLength(1);
    await wait(200);
    expect(useRun.getState().phase).toBe('following');
  });

  it('fails with what the server refuses', async () => {
    answers = [problem(422, 'unknown_language')];
    await useRun.getState().start(REQUEST);
    expect(useRun.getState()).toMatchObject({ phase: 'failed', id: null });
    expect(server.listeners).toHaveLength(0);
  });

  it('is given up while it waits to be submitted', async () => {
    answers = ['unreachable'];
    void useRun.getState().start(REQUEST);
    await wait(100);
    await useRun.getState().stop();
    await wait(60_000);
    expect(useRun.getState()).toMatchObject({ phase: 'idle', error: null });
    expect(requests).toHaveLength(1);
  });

  it('is taken back if it was on its way when it was stopped', async () => {
    let arrive: (answer: Response) => void = () => {};
    const fetched: string[] = [];
    vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
      fetched.push(`${init.method} ${path}`);
      expect(init.signal?.aborted ?? false).toBe(false);
      return new Promise<Response>((resolve) => (arrive = resolve));
    });
    void useRun.getState().start(REQUEST);
    await wait(100);
    await useRun.getState().stop();
    expect(useRun.getState().phase).toBe('idle');
    arrive(new Response('{"id": "id-1", "status": "QUEUED"}', { status: 202 }));
    await wait(100);
    expect(fetched).toEqual(['POST /api/v1/submissions', 'DELETE /api/v1/submissions/id-1']);
    expect(useRun.getState().phase).toBe('idle');
  });

  it('is cancelled, and shows that until it has ended', async () => {
    await useRun.getState().start(REQUEST);
    answers = ['unreachable', { status: 202, body: {} }];
    const stopped = useRun.getState().stop();
    expect(useRun.getState().isStopping).toBe(true);
    await wait(5000);
    await stopped;
    expect(requests.map((request) => request.method)).toEqual(['POST', 'DELETE', 'DELETE']);
    listener().onMessage({ type: 'result', position: '2', status: 'CANCELLED', attempt: 1, id: 'id-1' } as never);
    expect(useRun.getState()).toMatchObject({ phase: 'over', status: 'CANCELLED', isStopping: false });
  });

  it('is not heard any more when another one is shown', async () => {
    await useRun.getState().start(REQUEST);
    const first = listener();
    await useRun.getState().start(REQUEST);
    expect(server.closed).toBe(1);
    first.onMessage({ type: 'stdout', data: 'late', data_encoding: 'utf-8', position: '1' });
    first.onFailure(new Error('late'));
    await wait(300);
    expect(text()).toBe('');
    expect(useRun.getState().error).toBeNull();
  });

  it('echoes what is typed, and sends it in pieces that the server takes', async () => {
    await useRun.getState().start(REQUEST);
    expect(useRun.getState().sendInput('x'.repeat(20_000))).toBe(true);
    expect(server.input.map((piece) => piece.length)).toEqual([8192, 8192, 3616]);
    await wait(300);
    expect(useRun.getState().chunks).toMatchObject([{ stream: 'stdout', isEcho: true }]);
    server.isOpen = false;
    expect(useRun.getState().sendInput('y')).toBe(false);
  });

  it('tells of input that was lost', async () => {
    await useRun.getState().start(REQUEST);
    listener().onMessage({ type: 'state', status: 'RUNNING', at: 'T', attempt: 1, input_lost: true, position: '1' });
    expect(useRun.getState().isInputLost).toBe(true);
  });

  it('doubts input that was typed right before the connection broke', async () => {
    await useRun.getState().start(REQUEST);
    useRun.getState().sendInput('early\n');
    await wait(20_000);
    listener().onTransport(null);
    expect(useRun.getState().isInputInDoubt).toBe(false);
    listener().onTransport('websocket');
    useRun.getState().sendInput('late\n');
    await wait(1000);
    listener().onTransport(null);
    expect(useRun.getState().isInputInDoubt).toBe(true);
  });
});

describe('one that exists', () => {
  it('is shown as it ended, with what was sent', async () => {
    answers = [
      {
        status: 200,
        body: {
          id: 'id-2',
          status: 'WRONG_ANSWER',
          attempt: 1,
          stdout: 'out',
          stdout_encoding: 'utf-8',
          stderr: btoa('\xff'),
          stderr_encoding: 'base64',
          test_cases: [{ index: 0, status: 'WRONG_ANSWER' }],
          request: REQUEST,
        },
      },
    ];
    await useRun.getState().show('id-2');
    const run = useRun.getState();
    expect(run).toMatchObject({ id: 'id-2', phase: 'over', request: REQUEST });
    expect(run.chunks).toEqual([
      { stream: 'stdout', text: 'out' },
      { stream: 'stderr', text: '\ufffd' },
    ]);
    expect(run.cases).toHaveLength(1);
    expect(server.listeners).toHaveLength(0);
  });

  it('is followed while it is not over', async () => {
    answers = [{ status: 200, body: { id: 'id-3', status: 'RUNNING', attempt: 1, request: REQUEST } }];
    await useRun.getState().show('id-3');
    expect(useRun.getState().phase).toBe('following');
    expect(server.listeners).toHaveLength(1);
  });

  it('is not there', async () => {
    answers = [problem(404, 'no_such_submission')];
    await useRun.getState().show('id-4');
    expect(useRun.getState().phase).toBe('failed');
  });

  it('knows since when its program runs, also where it is found on its way', async () => {
    const state = (at: Date) =>
      listener().onMessage({ type: 'state', status: 'RUNNING', at: at.toISOString(), attempt: 1, position: '1' });
    await useRun.getState().start(REQUEST);
    expect(useRun.getState().ranAt).toBeNull();
    // The clock of the server may be another.
    state(new Date(Date.now() - 90_000));
    expect(useRun.getState().ranAt).toBe(performance.now());
    answers = [{ status: 200, body: { id: 'id-5', status: 'RUNNING', attempt: 1, request: REQUEST } }];
    await useRun.getState().show('id-5');
    state(new Date(Date.now() - 20_000));
    expect(useRun.getState().ranAt).toBeCloseTo(performance.now() - 20_000, 0);
  });
});
