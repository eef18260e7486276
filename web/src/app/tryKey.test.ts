// SPDX-License-Identifier: MIT
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tryKey } from './tryKey';

type Answers = Record<string, { status: number; code?: string; detail?: string; headers?: Record<string, string> }>;

function serve(answers: Answers) {
  const fake = vi.fn<(path: string, init: RequestInit) => Promise<Response>>((path) => {
    const answer = answers[path.replace('/api/v1', '')];
    if (!answer) return Promise.reject(new TypeError('Failed to fetch'));
    const body = JSON.stringify({ code: answer.code ?? '', detail: answer.detail ?? '' });
    return Promise.resolve(new Response(body, { status: answer.status, headers: answer.headers ?? {} }));
  });
  vi.stubGlobal('fetch', fake);
  return fake;
}

afterEach(() => vi.unstubAllGlobals());

const LACKS = { status: 403, code: 'scope_missing' };

describe('tryKey', () => {
  it('sends the key that it tries', async () => {
    const fake = serve({ '/dead-letters': { status: 200 } });
    expect(await tryKey('sk_abc')).toEqual({ outcome: 'accepted', may: 'admin' });
    expect(fake.mock.calls[0]?.[1].headers).toEqual({ Authorization: 'Bearer sk_abc' });
  });

  it('sends none when there is none', async () => {
    const fake = serve({ '/dead-letters': { status: 200 } });
    await tryKey('');
    expect(fake.mock.calls[0]?.[1].headers).toEqual({});
  });

  it('tells what the key may do by what it may reach', async () => {
    serve({ '/dead-letters': LACKS, '/load': { status: 200 } });
    expect(await tryKey('k')).toEqual({ outcome: 'accepted', may: 'read' });
    serve({ '/dead-letters': LACKS, '/load': LACKS });
    expect(await tryKey('k')).toEqual({ outcome: 'accepted', may: 'submit' });
  });

  it('repeats why the server refused it', async () => {
    serve({ '/dead-letters': { status: 401, code: 'key_invalid', detail: 'this API key is unknown or revoked' } });
    expect(await tryKey('k')).toEqual({ outcome: 'refused', detail: 'this API key is unknown or revoked' });
    serve({ '/dead-letters': { status: 403, code: 'host_not_allowed', detail: 'only localhost' } });
    expect(await tryKey('k')).toEqual({ outcome: 'refused', detail: 'only localhost' });
  });

  it('says when to come again', async () => {
    serve({ '/dead-letters': { status: 429, headers: { 'Retry-After': '17' } } });
    expect(await tryKey('k')).toEqual({ outcome: 'refused', detail: 'Too many requests; try again in 17 s.' });
  });

  it('does not send what cannot be a key', async () => {
    const fake = serve({});
    for (const wrong of ['two words', 'schlüssel', 'a\nb', 'x'.repeat(513)]) {
      expect((await tryKey(wrong)).outcome).toBe('malformed');
    }
    expect(fake).not.toHaveBeenCalled();
  });

  it('does not blame the key when the server is away', async () => {
    serve({});
    expect((await tryKey('k')).outcome).toBe('unreachable');
  });
});
