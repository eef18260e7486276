// SPDX-License-Identifier: MIT
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiProblem, readLanguages, readLoad, submit, Unreachable } from './client';

const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status, headers })));

async function refusal(status: number, body: string, headers: Record<string, string> = {}): Promise<ApiProblem> {
  answer(status, body, headers);
  const error: unknown = await submit({ language: 'c', source_code: '' }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiProblem);
  return error as ApiProblem;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('an answer that is no success', () => {
  it('says what the server said', async () => {
    const body = {
      type: 't',
      title: 'no',
      status: 400,
      code: 'invalid_field',
      detail: 'so',
      request_id: 'r',
      field: 'f',
    };
    expect((await refusal(400, JSON.stringify(body))).problem).toEqual(body);
  });

  it.each([
    '{"message": "slow down"}',
    '"oops"',
    'null',
    '[]',
    '<html>',
    '{"detail": {"a": 1}, "status": "x", "field": 7}',
  ])('may be somebody else’s: %s', async (body) => {
    const { problem } = await refusal(503, body);
    expect(problem).toMatchObject({ status: 503, code: 'unknown', request_id: '' });
    expect(problem.detail).toBe('the answer was 503, without saying why');
    expect(problem).not.toHaveProperty('field');
  });

  it.each([
    ['9', 9],
    ['0.5', 0.5],
    ['3000000', 3600],
    ['Infinity', 3600],
    ['-5', null],
    ['0', null],
    ['soon', null],
    ['Wed, 21 Oct 2026 07:28:00 GMT', null],
  ])('with Retry-After: %s is for %s', async (header, seconds) => {
    expect((await refusal(429, '{}', { 'Retry-After': header })).retryAfter).toBe(seconds);
  });
});

it('takes a page with status 200 for a server that is not there', async () => {
  answer(200, '<!doctype html><title>Sign in</title>');
  await expect(readLanguages()).rejects.toBeInstanceOf(Unreachable);
  await expect(readLoad()).rejects.toBeInstanceOf(Unreachable);
});
