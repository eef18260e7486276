// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { ByStatus } from '../api/statistics';
import type { Load, Ready } from '../api/types';
import { statisticsOf, workerOf } from './fixtures';
import { depthOf, healthOf } from './health';

const loadOf = (waiting: number, workers = [workerOf({ slots: 2 })]): Load => ({
  waiting,
  active: 0,
  workers,
  languages: {},
});
const up = { status: 'up', reason: null } as const;
const away = { status: 'down', reason: 'gone' } as const;
const READY: Ready = { status: 'ready', checks: { store: up, workers: up } };
/** Six buckets of ten seconds: what ended in the latest minute. */
const minute = (counts: ByStatus) => statisticsOf([{}, {}, {}, {}, counts, {}]);
/** The same all the time. */
const steady = (finished: number) => statisticsOf(Array.from({ length: 6 }, () => ({ SUCCESS: finished / 6 })));
const said = (
  ...[load, statistics, ready = READY, letters = 0]: [Load, ReturnType<typeof minute> | null, Ready?, number?]
) => {
  const { word, text } = healthOf(load, statistics, ready, letters, '15 minutes');
  return `${word}: ${text}`;
};

describe('whether all is well', () => {
  it.each([
    ['work goes on', loadOf(0), minute({ SUCCESS: 5 }), 'All is well: 5 finished a minute, nothing waits'],
    ['a few wait', loadOf(1), minute({ SUCCESS: 5 }), 'All is well: 5 finished a minute, 1 waits'],
    ['it rests', loadOf(0), minute({}), 'All is well: nothing ran in the last 15 minutes, nothing waits'],
    [
      'it rests since a while',
      loadOf(0),
      statisticsOf([{ SUCCESS: 7 }, {}, {}, {}, {}, {}, {}, {}]),
      'All is well: 7 finished in the last 15 minutes, nothing waits',
    ],
    ['a queue', loadOf(60), steady(180), 'Busy: 60 wait, about 20 s; 180 finished a minute'],
    ['a queue that nothing tells of', loadOf(60), null, 'Busy: 60 wait'],
    [
      'faults of the service',
      loadOf(0),
      minute({ SUCCESS: 5, INTERNAL_ERROR: 3 }),
      'Trouble: 3 service errors in the last 15 minutes',
    ],
    ['nobody to do it', loadOf(0, []), minute({}), 'Trouble: no worker is there'],
    ['nobody to do what waits', loadOf(4, []), minute({}), 'Trouble: no worker is there, and 4 wait'],
  ])('%s', (_name, load, statistics, sentence) => expect(said(load, statistics)).toBe(sentence));

  it('failures of programs are no trouble', () =>
    expect(said(loadOf(0), minute({ TIMEOUT: 9, RUNTIME_ERROR: 1 }))).toMatch(/^All is well: 10 finished/));

  it('names dead letters, what is down, and a queue besides', () => {
    expect(said(loadOf(0), null, READY, 2)).toBe('Trouble: 2 dead letters');
    const down: Ready = { status: 'degraded', checks: { queue: away, workers: away } };
    expect(said(loadOf(60), steady(60), down, 1)).toBe(
      'Trouble: the queue is down; 1 dead letter; 60 wait, about 1 min',
    );
  });
});

it('a queue is deep by how long it takes, or by the slots where nothing tells that', () => {
  const level = (waiting: number, finished: number) => depthOf(loadOf(waiting), steady(finished)).level;
  expect([level(2, 1), level(3, 60), level(120, 60), level(121, 60), level(101, 0), level(20, 0)]).toEqual([
    'fine',
    'busy',
    'busy',
    'deep',
    'deep',
    'busy',
  ]);
  expect(depthOf(loadOf(1, []), null).level).toBe('deep');
});

it('a queue that has just come is measured by what is done meanwhile', () => {
  const burst = statisticsOf([{}, {}, {}, {}, {}, { SUCCESS: 10 }]);
  expect(depthOf(loadOf(60), burst).waitMs).toBe(120_000);
});
