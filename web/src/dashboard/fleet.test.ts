// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { hostsOf, languagesOf, memoryOf, silenceOf, slotsOf, tallyOf } from './fleet';
import { hostOf, statisticsOf, workerOf } from './fixtures';

it('adds up slots', () => {
  expect(slotsOf([workerOf({ active: 3, slots: 4 }), workerOf({ active: 0, slots: 8 })])).toEqual({
    active: 3,
    slots: 12,
  });
  expect(slotsOf([])).toEqual({ active: 0, slots: 0 });
});

describe('hosts', () => {
  it('weighs each by its processors', () => {
    const hosts = hostsOf([
      workerOf({ host: hostOf({ processors: 1, cpu_used: 1 }) }),
      workerOf({ host: hostOf({ processors: 3, cpu_used: 0 }) }),
    ]);
    expect(hosts.cpuUsed).toBe(0.25);
    expect(hosts.processors).toBe(4);
    expect(hosts.memoryUsedKb).toBe(4_000_000);
    expect(hosts.memoryTotalKb).toBe(16_000_000);
  });

  it('leaves out who does not tell', () => {
    const blank = hostOf({ cpu_used: null, memory_available_kb: null });
    const hosts = hostsOf([workerOf(), workerOf({ host: null }), workerOf({ host: blank })]);
    expect(hosts.known).toBe(1);
    expect(hosts.memoryTotalKb).toBe(0);
    expect(hosts.cpuUsed).toBeNull();
  });
});

it('knows no memory where an older worker tells none', () => {
  const { processors, cpu_used, load_1m } = hostOf();
  const old = { processors, cpu_used, load_1m } as ReturnType<typeof hostOf>;
  expect(memoryOf(old)).toBeNull();
  expect(hostsOf([workerOf({ host: old }), workerOf({ host: {} as typeof old })])).toMatchObject({
    known: 2,
    memoryUsedKb: 0,
    memoryTotalKb: 0,
    cpuUsed: 0.5,
  });
});

it('counts what the service did wrong apart from what programs did', () => {
  const worker = workerOf({
    counts: { python: { SUCCESS: 5, TIMEOUT: 2, INTERNAL_ERROR: 1 }, cpp: { COMPILATION_ERROR: 3 } },
  });
  expect(tallyOf(worker)).toEqual({ finished: 10, internal: 1 });
});

it('measures silence, and takes a clock that runs ahead for none', () => {
  const at = Date.parse('2026-01-01T12:00:00Z');
  expect(silenceOf(workerOf(), at + 2_000)).toBe(2_000);
  expect(silenceOf(workerOf(), at - 2_000)).toBe(0);
});

describe('languages', () => {
  const load = {
    waiting: 3,
    active: 1,
    workers: [],
    languages: { go: { waiting: 3, active: 1 }, java: { waiting: 0, active: 0, completed: 9 } },
  };

  it('joins what runs with what ended, and leaves out what was long ago', () => {
    const lines = languagesOf(load, statisticsOf([{ SUCCESS: 3, TIMEOUT: 1 }]));
    expect(
      lines.map(({ name, active, waiting, finished, successShare }) => [name, active, waiting, finished, successShare]),
    ).toEqual([
      ['python', 0, 0, 4, 0.75],
      ['go', 1, 3, 0, null],
    ]);
  });

  it('needs neither of the two', () => {
    expect(languagesOf(null, null)).toEqual([]);
    expect(languagesOf(load, null).map(({ name }) => name)).toEqual(['go']);
    expect(languagesOf(null, statisticsOf([{ SUCCESS: 1 }])).map(({ name }) => name)).toEqual(['python']);
  });
});
