// SPDX-License-Identifier: MIT
import { afterEach, expect, it, vi } from 'vitest';
import { retry } from './retry';

afterEach(() => void vi.unstubAllGlobals());

const ID = '01a21ffb-be5a-7000-a1ba-000900000001';

function answer(status: number, code: string, detail = '') {
  const fake = vi.fn<(path: string, init: RequestInit) => Promise<Response>>(() =>
    Promise.resolve(new Response(JSON.stringify({ status, code, detail }), { status })),
  );
  vi.stubGlobal('fetch', fake);
  return fake;
}

it('says that it is queued', async () => {
  const fake = answer(202, '');
  expect(await retry(ID)).toEqual({ isGood: true, text: '…00000001 is queued again.' });
  expect(fake.mock.calls[0]?.[0]).toBe(`/api/v1/dead-letters/${ID}/retry`);
  expect(fake.mock.calls[0]?.[1].method).toBe('POST');
});

it.each([
  [404, 'no_such_submission', 'no longer stored'],
  [409, 'not_failed', 'was retried already'],
  [403, 'scope_missing', 'this needs the scope admin'],
])('says why it is not: %i', async (status, code, words) => {
  answer(status, code, 'this needs the scope admin');
  const outcome = await retry(ID);
  expect(outcome.isGood).toBe(false);
  expect(outcome.text).toContain(words);
});

it('says that the server is away', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  expect((await retry(ID)).text).toContain('the server is not responding');
});
