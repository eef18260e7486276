// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useConnection } from '../app/connection';
import { statisticsOf, workerOf } from './fixtures';

vi.mock('./Chart', () => ({ Chart: () => null }));
const { default: Dashboard } = await import('./Dashboard');

let answers: Record<string, unknown>;

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
  vi.stubGlobal('fetch', (path: string) => {
    const name = Object.keys(answers).find((one) => path.includes(one));
    return Promise.resolve(Response.json(name ? answers[name] : null));
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
