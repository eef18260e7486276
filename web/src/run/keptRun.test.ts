// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepRun, showKeptRun } from './keptRun';
import { NOTHING, useRun } from './run';

const show = vi.fn<(id: string) => Promise<void>>(() => Promise.resolve());
let status: number | null;
let end: () => void;

beforeEach(() => {
  sessionStorage.clear();
  show.mockClear();
  status = 200;
  useRun.setState({ ...NOTHING, show });
  vi.stubGlobal('fetch', () =>
    status === null
      ? Promise.reject(new TypeError('gone'))
      : Promise.resolve(new Response(JSON.stringify({ status, code: 'x', detail: 'x' }), { status })),
  );
  end = keepRun();
});
afterEach(() => {
  end();
  vi.unstubAllGlobals();
});

/** All that a page has in its memory is gone. */
function reload() {
  useRun.setState({ id: 'run-1', phase: 'following' });
  end();
  useRun.setState({ ...NOTHING, show });
}
const always = () => true;

describe('the run that was shown', () => {
  it('is shown again after a reload', async () => {
    reload();
    await showKeptRun(always);
    expect(show).toHaveBeenCalledExactlyOnceWith('run-1');
  });

  it('is waited for when the server is away', async () => {
    reload();
    status = null;
    await showKeptRun(always);
    expect(show).toHaveBeenCalledOnce();
  });

  it('is not missed when it is gone', async () => {
    reload();
    status = 404;
    await showKeptRun(always);
    expect(show).not.toHaveBeenCalled();
    expect(useRun.getState().phase).toBe('idle');
  });

  it('makes room for another that began meanwhile, and for another page', async () => {
    reload();
    const shown = showKeptRun(always);
    useRun.setState({ phase: 'submitting' });
    await shown;
    expect(show).not.toHaveBeenCalled();
    useRun.setState({ phase: 'idle' });
    await showKeptRun(() => false);
    expect(show).not.toHaveBeenCalled();
  });
});

it('without one, nothing is asked', async () => {
  const ask = vi.spyOn(globalThis, 'fetch');
  await showKeptRun(always);
  expect(ask).not.toHaveBeenCalled();
});
