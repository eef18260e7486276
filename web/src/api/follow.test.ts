// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { follow, type Following, type Message, type Transport } from './follow';
import type { Socket } from './follow/wires';
import { setKey } from './key';

const ID = '01a21ffa-f3dd-7001-afcb-fb31344e0dee';

/** A server of our own: jobs by what they are now, and each way open or not. */
class FakeSocket implements Socket {
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: string[] = [];
  isClosed = false;

  constructor(
    readonly path: string,
    readonly protocols: string[],
  ) {}

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  say(message: Message): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  cut(): void {
    this.readyState = 3;
    this.onclose?.();
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.readyState = 3;
    this.isClosed = true;
  }
}

type Answer = { status: number; body: unknown; headers?: Record<string, string> } | 'unreachable';

const problem = (status: number, code: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body: { type: 'about:blank', title: code, status, code, detail: code, request_id: 'r' },
});

function jobOf(status: string, more: Record<string, unknown> = {}) {
  return { id: ID, job_id: ID, status, attempt: 1, created_at: 'T', ...more };
}

const state = (status: 'RUNNING' | 'COMPILING', position: string, attempt = 1): Message => ({
  type: 'state',
  status,
  at: 'T',
  attempt,
  position,
});
const out = (data: string, position: string): Message => ({ type: 'stdout', data, data_encoding: 'utf-8', position });
const resultOf = (stdout: string, position = 'end') =>
  ({ ...jobOf('SUCCESS', { stdout, stdout_encoding: 'utf-8' }), type: 'result', position }) as unknown as Message;

let sockets: FakeSocket[];
let job: Answer;
let events: ((path: string, init: RequestInit) => Response) | null;
let eventPaths: string[];
let messages: Message[];
let transports: (Transport | null)[];
let failures: unknown[];
let following: Following | null;
let online: () => void;

function start(): void {
  following = follow(
    ID,
    {
      onMessage: (message) => messages.push(message),
      onTransport: (transport) => transports.push(transport),
      onFailure: (error) => failures.push(error),
    },
    {
      openSocket: (path, protocols) => {
        const socket = new FakeSocket(path, protocols);
        sockets.push(socket);
        return socket;
      },
      fetch: (path, init) => {
        eventPaths.push(path);
        return events ? Promise.resolve(events(path, init)) : Promise.reject(new TypeError('refused'));
      },
      onOnline: (listener) => {
        online = listener;
        return () => {};
      },
    },
  );
}

const wait = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const socket = (index: number): FakeSocket => {
  const one = sockets[index];
  if (!one) throw new Error(`there is no socket ${index}, of ${sockets.length}`);
  return one;
};
const text = () =>
  messages.map((message) => ('data' in message && message.type === 'stdout' ? message.data : '')).join('');
const types = () => messages.map((message) => message.type);

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  job = { status: 200, body: jobOf('RUNNING') };
  events = null;
  eventPaths = [];
  messages = [];
  transports = [];
  failures = [];
  following = null;
  online = () => {};
  vi.stubGlobal('fetch', () => {
    if (job === 'unreachable') return Promise.reject(new TypeError('gone'));
    return Promise.resolve(
      new Response(JSON.stringify(job.body), {
        status: job.status,
        headers: { 'Content-Type': 'application/json', ...job.headers },
      }),
    );
  });
});

afterEach(() => {
  following?.close();
  setKey('');
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('by WebSocket', () => {
  it('tells what comes, and ends with the result', async () => {
    start();
    socket(0).open();
    socket(0).say(state('RUNNING', '1'));
    socket(0).say(out('a', '2'));
    socket(0).say(resultOf('a'));
    await wait(60_000);
    expect(types()).toEqual(['state', 'stdout', 'result']);
    expect(transports).toEqual(['websocket']);
    expect(sockets).toHaveLength(1);
    expect(socket(0).isClosed).toBe(true);
  });

  it('sends the key among the protocols, where no other header can be set, and nowhere else', () => {
    setKey('snt_s3cret');
    start();
    expect(socket(0).path).toBe(`/api/v1/submissions/${ID}/stream`);
    expect(socket(0).protocols).toEqual(['sentinel', 'sentinel.key.snt_s3cret']);
  });

  it('resumes where it was cut, and tells nothing twice', async () => {
    start();
    socket(0).open();
    socket(0).say(state('RUNNING', '1.0'));
    socket(0).say(out('a', '1.1'));
    socket(0).cut();
    await wait(1000);
    expect(transports).toEqual(['websocket', null]);
    expect(socket(1).path).toContain('after=1.1');
    socket(1).open();
    socket(1).say(state('RUNNING', '1.0'));
    socket(1).say(out('a', '1.1'));
    socket(1).say(out('b', '1.2'));
    socket(1).say(resultOf('ab'));
    expect(text()).toBe('ab');
    expect(types()).toEqual(['state', 'stdout', 'stdout', 'result']);
    expect(transports).toEqual(['websocket', null, 'websocket']);
  });

  it('hears nothing of a socket that it has left', async () => {
    start();
    socket(0).open();
    const late = socket(0).onmessage;
    socket(0).cut();
    await wait(1000);
    late?.({ data: JSON.stringify(out('late', '9')) });
    expect(socket(0).onmessage).toBeNull();
    expect(sockets).toHaveLength(2);
  });

  it('brings from the stored result what was missed while it was cut', async () => {
    start();
    socket(0).open();
    socket(0).say(state('RUNNING', '1'));
    socket(0).say(out('hé', '2'));
    job = {
      status: 200,
      body: jobOf('SUCCESS', { stdout: 'héllo', stdout_encoding: 'utf-8', stderr: 'e', stderr_encoding: 'utf-8' }),
    };
    socket(0).cut();
    await wait(10);
    const rest = messages.find((message) => message.type === 'stdout' && message.data_encoding === 'base64');
    expect(rest && 'data' in rest && atob(rest.data)).toBe('llo');
    expect(types()).toEqual(['state', 'stdout', 'stdout', 'stderr', 'result']);
    expect(sockets).toHaveLength(1);
  });

  it('passes on a restart, and begins the output anew', async () => {
    start();
    socket(0).open();
    socket(0).say(state('RUNNING', '1'));
    socket(0).say(out('old', '2'));
    socket(0).say({ type: 'restart', attempt: 2, position: '3' });
    socket(0).say(state('RUNNING', '4', 2));
    socket(0).say(out('new', '2'));
    job = { status: 200, body: jobOf('SUCCESS', { attempt: 2, stdout: 'new!', stdout_encoding: 'utf-8' }) };
    socket(0).cut();
    await wait(10);
    expect(types()).toEqual(['state', 'stdout', 'restart', 'state', 'stdout', 'stdout', 'result']);
  });

  it('sends input only while it is open', () => {
    start();
    expect(following?.sendInput('x')).toBe(false);
    socket(0).open();
    expect(following?.sendInput('ünd\n')).toBe(true);
    expect(following?.endInput()).toBe(true);
    expect(socket(0).sent.map((sent) => JSON.parse(sent) as unknown)).toEqual([
      { type: 'stdin', data: 'ünd\n' },
      { type: 'stdin_end' },
    ]);
    socket(0).cut();
    expect(following?.endInput()).toBe(false);
  });

  it('does not stumble over what is no message', () => {
    start();
    socket(0).open();
    for (const data of ['', '{', 'null', '7', '{"type":"news"}']) socket(0).onmessage?.({ data });
    socket(0).say(resultOf(''));
    expect(types()).toEqual(['result']);
  });

  it('finds out that a silent connection is dead', async () => {
    start();
    socket(0).open();
    socket(0).say(state('RUNNING', '1'));
    job = { status: 200, body: jobOf('SUCCESS', { stdout: 'done', stdout_encoding: 'utf-8' }) };
    await wait(20_000);
    expect(types()).toEqual(['state', 'stdout', 'result']);
  });
});

describe('where a WebSocket does not come about', () => {
  const stream = (...events: string[]) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const event of events) controller.enqueue(new TextEncoder().encode(event));
        controller.close();
      },
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  };
  const eventOf = (message: Message) => `id: x\nevent: ${message.type}\ndata: ${JSON.stringify(message)}\n\n`;

  it('goes by server-sent events, with the key in a header', async () => {
    setKey('s3cret');
    let sent: HeadersInit | undefined;
    const whole = eventOf(state('RUNNING', '1')) + eventOf(out('ä\n', '2')) + eventOf(resultOf('ä\n'));
    events = (_path, init) => {
      sent = init.headers;
      return stream(whole.slice(0, 25), whole.slice(25, 90), whole.slice(90));
    };
    start();
    socket(0).cut();
    await wait(100);
    expect(types()).toEqual(['state', 'stdout', 'result']);
    expect(text()).toBe('ä\n');
    expect(transports).toEqual(['sse']);
    expect(sent).toMatchObject({ Authorization: 'Bearer s3cret' });
    expect(eventPaths[0]).toBe(`/api/v1/submissions/${ID}/events`);
  });

  it('resumes them by position', async () => {
    let round = 0;
    events = () =>
      round++ === 0
        ? stream(eventOf(state('RUNNING', '1')), eventOf(out('a', '2')))
        : stream(eventOf(out('b', '3')), eventOf(resultOf('ab')));
    start();
    socket(0).cut();
    await wait(2000);
    expect(eventPaths[1]).toContain('after=2');
    expect(text()).toBe('ab');
    expect(transports).toEqual(['sse', null, 'sse']);
  });

  it('asks every half second, where events do not come either', async () => {
    start();
    socket(0).cut();
    await wait(100);
    expect(transports).toEqual(['polling']);
    expect(types()).toEqual(['state']);
    await wait(2000);
    expect(types()).toEqual(['state']);
    job = {
      status: 200,
      body: jobOf('WRONG_ANSWER', {
        test_cases: [{ index: 0, status: 'SUCCESS' }],
        stdout: 'x',
        stdout_encoding: 'utf-8',
      }),
    };
    await wait(600);
    expect(types()).toEqual(['state', 'stdout', 'case', 'result']);
  });

  it('tells a restart that it learns of by asking', async () => {
    start();
    socket(0).cut();
    await wait(100);
    job = { status: 200, body: jobOf('RUNNING', { attempt: 2 }) };
    await wait(600);
    expect(types()).toEqual(['state', 'restart', 'state']);
  });

  it('does not wait for ever for a WebSocket that neither opens nor closes', async () => {
    start();
    await wait(10_000);
    expect(transports.at(-1)).toBe('polling');
  });

  it('leaves a way that accepts it and keeps everything back', async () => {
    start();
    socket(0).open();
    await wait(3000);
    expect(transports.at(-1)).toBe('polling');
  });

  it('leaves a way that breaks again and again without telling anything', async () => {
    start();
    for (let i = 0; i < 3; i++) {
      socket(i).open();
      socket(i).cut();
      await wait(2000);
    }
    expect(sockets).toHaveLength(3);
    expect(transports.at(-1)).toBe('polling');
  });
});

describe('when it cannot go on', () => {
  it('fails for a submission that is not there', async () => {
    job = problem(404, 'no_such_submission');
    start();
    socket(0).cut();
    await wait(60_000);
    expect(failures).toHaveLength(1);
    expect(sockets).toHaveLength(1);
    expect(eventPaths).toEqual([]);
  });

  it('fails for a key that is refused', async () => {
    job = problem(401, 'key_invalid');
    start();
    socket(0).cut();
    await wait(100);
    expect(failures).toHaveLength(1);
  });

  it('waits while it is told to come later', async () => {
    job = problem(429, 'rate_limited', { 'Retry-After': '7' });
    start();
    socket(0).cut();
    await wait(100);
    job = { status: 200, body: jobOf('SUCCESS') };
    await wait(6000);
    expect(types()).toEqual([]);
    await wait(1500);
    expect(types()).toEqual(['result']);
    expect(failures).toEqual([]);
  });

  it('waits for a server that is gone, and goes on by WebSocket when it is back', async () => {
    start();
    socket(0).open();
    socket(0).say(state('RUNNING', '1'));
    job = 'unreachable';
    socket(0).cut();
    await wait(30_000);
    expect(transports).toEqual(['websocket', null]);
    expect(sockets).toHaveLength(1);
    job = { status: 200, body: jobOf('RUNNING') };
    for (let i = 0; i < 100 && sockets.length < 2; i++) await wait(100);
    expect(sockets).toHaveLength(2);
    socket(1).open();
    socket(1).say(resultOf(''));
    expect(types()).toEqual(['state', 'result']);
    expect(failures).toEqual([]);
  });

  it('does not wait longer than it takes the network to come back', async () => {
    start();
    job = 'unreachable';
    socket(0).cut();
    await wait(30_000);
    job = { status: 200, body: jobOf('SUCCESS') };
    online();
    await wait(1);
    expect(types()).toEqual(['result']);
  });

  it('tells nothing any more once it is closed', async () => {
    start();
    socket(0).open();
    following?.close();
    expect(socket(0).isClosed).toBe(true);
    await wait(60_000);
    expect(sockets).toHaveLength(1);
    expect(messages).toEqual([]);
    expect(failures).toEqual([]);
  });
});
