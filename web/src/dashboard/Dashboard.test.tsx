// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useConnection } from '../app/connection';
import { setKey } from '../api/key';
import { statisticsOf, workerOf } from './fixtures';

vi.mock('./Chart', () => ({ Chart: () => null }));
const { default: Dashboard } = await import('./Dashboard');

let answers: Record<string, unknown>;
let asked: string[];

class Refusal {
  readonly title = 'Refused';
  readonly detail = 'it is so';
  constructor(
    readonly status: number,
    readonly code: string,
    readonly field?: string,
  ) {}
}

const sound = () => ({
  '/load': { waiting: 0, active: 1, languages: {}, workers: [workerOf({ name: 'sound-worker' })] },
  '/statistics': statisticsOf([{ SUCCESS: 3 }]),
  '/ready': { status: 'ready', checks: { store: { status: 'up' } } },
  '/dead-letters': { dead_letters: [{ id: 'letter-12345678', at: '2026-01-01T12:00:00Z', reason: 'it was given up' }] },
  '/submissions': { submissions: [], next_cursor: null },
});

beforeEach(() => {
  answers = sound();
  useConnection.setState({ state: 'there' });
  class Observer {
    observe() {}
    disconnect() {}
  }
  vi.stubGlobal('ResizeObserver', Observer);
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  asked = [];
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path);
    const name = Object.keys(answers).find((one) => path.includes(one));
    const answer = name ? answers[name] : null;
    if (answer instanceof Refusal) return Promise.resolve(Response.json(answer, { status: answer.status }));
    return answer instanceof Promise ? answer : Promise.resolve(Response.json(answer));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** All of the page but what is named is there. */
async function isDrawn(but: string[] = []) {
  for (const [card, text] of [
    ['Workers', /worker/],
    ['Dependencies', 'store'],
    ['Dead letters', /it was given up/],
    ['Latency', 'Compile'],
  ] as const) {
    if (!but.includes(card)) expect((await screen.findAllByText(text)).length).toBeGreaterThan(0);
  }
  expect(document.body.textContent).not.toMatch(/NaN|undefined|Invalid Date/);
}

it.each<[string, string, unknown, string[]]>([
  ['a worker without counts', '/load', { workers: [{ ...workerOf(), counts: undefined }] }, []],
  ['a worker of nothing', '/load', { workers: [{}, null, { name: 'worker', host: {} }] }, []],
  ['load without workers', '/load', { waiting: 0, active: 0, languages: {} }, ['Workers']],
  ['load that is null', '/load', null, ['Workers']],
  ['totals that are null', '/statistics', { ...statisticsOf([{ SUCCESS: 3 }]), totals: null }, []],
  ['statistics of nothing', '/statistics', {}, []],
  ['buckets of nothing', '/statistics', { ...statisticsOf([{ SUCCESS: 1 }]), buckets: [{}, null, { at: 'x' }] }, []],
  ['a clock that cannot be read', '/statistics', { ...statisticsOf([{ SUCCESS: 3 }]), now: 'today' }, []],
  ['a bad time', '/load', { workers: [workerOf({ name: 'worker', last_seen_at: 'yesterday' })] }, []],
  [
    'a dead letter without an id',
    '/dead-letters',
    { dead_letters: [{ reason: 'it was given up', at: 'x' }, null] },
    [],
  ],
  ['no checks', '/ready', {}, ['Dependencies']],
  ['a list without jobs', '/submissions', {}, []],
  /* what no care at the edges foresees stays in its card */
  ['checks that are a number', '/ready', { checks: { store: { status: 'up', reason: {} } } }, ['Dependencies']],
  ['a load average that is a text', '/load', { workers: [workerOf({ host: { load_1m: 'x' } as never })] }, ['Workers']],
])('draws the other figures beside %s', async (_, path, answer, but) => {
  answers[path] = answer;
  render(<Dashboard />);
  await isDrawn(but);
});

it('keeps the room of what is on its way, and does not call itself live before', async () => {
  const never = new Promise<never>(() => undefined);
  answers = { '/load': never, '/statistics': never, '/ready': never, '/dead-letters': never, '/submissions': never };
  render(<Dashboard />);
  await act(() => Promise.resolve());
  expect(screen.queryByText('Live')).toBeNull();
  screen.getByText('Loading');
  for (const name of ['Active sandboxes', 'Queue depth', 'Throughput', 'Service errors', 'Host CPU', 'Host memory']) {
    expect(screen.getAllByText(name).length, name).toBeGreaterThan(0);
  }
  for (const name of ['Latency', 'Languages', 'Workers']) screen.getByRole('heading', { name });
});

it('says the trouble aloud, and not each figure of it', async () => {
  answers['/load'] = { waiting: 37, active: 0, languages: {}, workers: [] };
  render(<Dashboard />);
  const said = screen.getByRole('status', { name: 'Health' });
  expect(said.textContent, 'it is there before it is filled').toBe('');
  await screen.findByText(/^: no worker is there, and 37 wait/);
  await vi.waitFor(() => expect(said.textContent).toMatch(/^Trouble: no worker is there, and 37 wait; 1 dead/));
  const first = said.textContent;
  answers['/load'] = { waiting: 38, active: 0, languages: {}, workers: [] };
  await screen.findByText(/and 38 wait/, {}, { timeout: 10_000 });
  expect(said.textContent).toBe(first);
});

it('asks who has no key for one, and asks the server no more than it has to', async () => {
  setKey('');
  answers['/load'] = new Refusal(401, 'key_missing');
  render(<Dashboard />);
  await screen.findByText('This needs a key');
  screen.getByRole('button', { name: 'Enter a key' });
  expect(asked.filter((path) => !path.includes('ready'))).toEqual([expect.stringContaining('/load')]);
});

it('does not speak of another key to who has none, nor of the past that it cannot know', async () => {
  setKey('');
  answers['/load'] = { waiting: 0, active: 0, languages: {}, workers: [workerOf()] };
  answers['/statistics'] = new Refusal(403, 'scope_missing');
  answers['/dead-letters'] = new Refusal(403, 'scope_missing');
  answers['/submissions'] = new Refusal(400, 'invalid_parameter', 'user_id');
  render(<Dashboard />);
  await vi.waitFor(() => expect(screen.getAllByText('This needs a key')).toHaveLength(3));
  expect(screen.queryByText('This needs another key')).toBeNull();
  screen.getByText('Nothing runs or waits now.');
  expect(asked.filter((path) => path.includes('/submissions'))).toHaveLength(1);
  cleanup();
  setKey('sk_weak');
  render(<Dashboard />);
  expect((await screen.findAllByText('This needs another key')).length).toBeGreaterThan(0);
  setKey('');
});
