// SPDX-License-Identifier: MIT
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { JobLine, Status } from '../api/types';
import { createFailureReader, FAILING, newestOf } from './failures';
import { jobOf } from './fixtures';

const at = (second: number) => `2026-01-01T12:00:${String(second).padStart(2, '0')}Z`;
const ids = (jobs: { id: string }[]) => jobs.map(({ id }) => id).join('');

describe('the newest failures', () => {
  it('are of all lists, the newest first', () => {
    const lists = [
      [jobOf('c', 'TIMEOUT', at(3)), jobOf('a', 'TIMEOUT', at(1))],
      [jobOf('d', 'INTERNAL_ERROR', at(4))],
      [jobOf('b', 'WRONG_ANSWER', at(2))],
    ];
    expect(ids(newestOf(lists))).toBe('dcba');
    expect(ids(newestOf(lists, 2))).toBe('dc');
  });

  it('never crowd out the service’s own', () => {
    const programs = Array.from({ length: 9 }, (_, index) => jobOf(`p${index}`, 'RUNTIME_ERROR', at(10 + index)));
    const shown = newestOf([programs, [jobOf('old', 'INTERNAL_ERROR', at(1))]], 4);
    expect(shown.map(({ id }) => id)).toEqual(['p8', 'p7', 'p6', 'old']);
  });

  it('have one once that ended anew between two questions', () => {
    expect(newestOf([[jobOf('a', 'INTERNAL_ERROR', at(1))], [jobOf('a', 'TIMEOUT', at(2))]])).toMatchObject([
      { status: 'TIMEOUT' },
    ]);
  });
});

describe('reading them', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** A server that has these, and a queue in front of them; what it was asked for. */
  function serverWith(jobs: JobLine[], queued = 100): string[] {
    const asked: string[] = [];
    vi.stubGlobal('fetch', (path: string) => {
      const url = new URL(path, 'http://localhost');
      const status = url.searchParams.get('status');
      const limit = Number(url.searchParams.get('limit') ?? 50);
      asked.push(status ?? (url.pathname.endsWith('/submissions') ? 'any' : 'one'));
      const queue = Array.from({ length: queued }, (_, index) => jobOf(`q${index}`, 'QUEUED', null));
      const all = [...queue, ...jobs].filter((job) => status === null || job.status === status);
      const body = url.pathname.endsWith('/submissions')
        ? { submissions: all.slice(0, limit), next_cursor: null }
        : { ...jobs[0], reason: 'a disk is full' };
      return Promise.resolve(new Response(JSON.stringify(body)));
    });
    return asked;
  }
  const signal = new AbortController().signal;

  it('finds them behind a queue of any length', async () => {
    serverWith([jobOf('a', 'TIMEOUT', at(1)), jobOf('b', 'SECURITY_VIOLATION', at(2))]);
    const { jobs, hasAny } = await createFailureReader().read({ TIMEOUT: 1, SECURITY_VIOLATION: 1 }, signal);
    expect(ids(jobs)).toBe('ba');
    expect(hasAny).toBe(true);
  });

  it('asks for each way to fail at first, and then for those that occur', async () => {
    const asked = serverWith([jobOf('a', 'TIMEOUT', at(1)), jobOf('b', 'RUNTIME_ERROR', at(2))]);
    const reader = createFailureReader();
    await reader.read(null, signal);
    expect(new Set(asked)).toEqual(new Set<string>(['any', ...FAILING]));
    asked.length = 0;
    const { jobs } = await reader.read({ SUCCESS: 5, TIMEOUT: 1, RUNTIME_ERROR: 0 }, signal);
    expect(asked).toEqual(['INTERNAL_ERROR', 'TIMEOUT']);
    expect(ids(jobs)).toBe('ba');
  });

  it('says of the service’s own why, and asks that once', async () => {
    const own = jobOf('x', 'INTERNAL_ERROR' satisfies Status, at(1));
    const asked = serverWith([own]);
    const reader = createFailureReader();
    await reader.read(null, signal);
    const { reasons } = await reader.read({}, signal);
    expect([...reasons.values()]).toEqual(['a disk is full']);
    expect(asked.filter((one) => one === 'one')).toHaveLength(1);
  });

  it('asks no more of a server that refuses it', async () => {
    const asked = vi.fn(() => Promise.resolve(new Response('{}', { status: 400 })));
    vi.stubGlobal('fetch', asked);
    await expect(createFailureReader().read(null, signal)).rejects.toThrow();
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('knows a server on which nothing was ever run', async () => {
    serverWith([], 0);
    expect(await createFailureReader().read({}, signal)).toMatchObject({ jobs: [], hasAny: false });
  });
});
