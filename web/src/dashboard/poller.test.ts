// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ApiProblem, Unreachable } from '../api/client';
import { createPoller, type Answer } from './poller';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function problem(status: number, retryAfter: number | null = null) {
  return new ApiProblem(
    { type: 'about:blank', title: 'T', status, code: 'c', detail: 'why', request_id: 'r' },
    retryAfter,
  );
}

function watch(read: (signal: AbortSignal) => Promise<number>) {
  const answer: Answer<number> = { data: null, at: null, error: null };
  const reading = vi.fn(read);
  const poller = createPoller(reading, 2_000, (change) => void Object.assign(answer, change));
  return { answer, reading, poller };
}

it('asks at once, and again a while after each answer', async () => {
  let value = 0;
  const { answer, reading, poller } = watch(() => Promise.resolve(++value));
  poller.start();
  await pass(0);
  expect(answer).toEqual({ data: 1, at: Date.now(), error: null });
  await pass(2_000);
  expect(answer.data).toBe(2);
  poller.stop();
  await pass(60_000);
  expect(reading).toHaveBeenCalledTimes(2);
});

it('does not ask a slow server faster than it answers', async () => {
  const { reading, poller } = watch(() => new Promise((resolve) => setTimeout(() => resolve(1), 5_000)));
  poller.start();
  await pass(6_900);
  expect(reading).toHaveBeenCalledTimes(1);
  await pass(200);
  expect(reading).toHaveBeenCalledTimes(2);
  poller.stop();
});

it('keeps the last figures when there are no newer ones, and asks more seldom', async () => {
  let isThere = true;
  const { answer, reading, poller } = watch(() => (isThere ? Promise.resolve(7) : Promise.reject(problem(503))));
  poller.start();
  await pass(0);
  isThere = false;
  await pass(2_000);
  expect(answer.data).toBe(7);
  expect(answer.error).toBeInstanceOf(ApiProblem);
  await pass(2_000);
  expect(reading).toHaveBeenCalledTimes(2);
  isThere = true;
  await pass(2_000);
  expect(answer.error).toBeNull();
  poller.stop();
});

it('comes again when the server says so', async () => {
  const { reading, poller } = watch(() => Promise.reject(problem(429, 30)));
  poller.start();
  await pass(29_000);
  expect(reading).toHaveBeenCalledTimes(1);
  await pass(1_100);
  expect(reading).toHaveBeenCalledTimes(2);
  poller.stop();
});

it.each([400, 401, 403, 404])(
  'does not repeat a question that was refused with %i, unless it is told to',
  async (status) => {
    let isRefused = true;
    const { answer, reading, poller } = watch(() => (isRefused ? Promise.reject(problem(status)) : Promise.resolve(1)));
    poller.start();
    await pass(60_000);
    expect(reading).toHaveBeenCalledTimes(1);
    isRefused = false;
    poller.refresh();
    await pass(2_000);
    expect(answer).toMatchObject({ data: 1, error: null });
    expect(reading).toHaveBeenCalledTimes(3);
    poller.stop();
  },
);

it('gives up an answer that does not come', async () => {
  const { answer, poller } = watch(
    (signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  );
  poller.start();
  await pass(15_000);
  expect(answer.error).toBeInstanceOf(Unreachable);
  poller.stop();
});

it('does not tell what comes after its end', async () => {
  const { answer, poller } = watch(() => new Promise((resolve) => setTimeout(() => resolve(1), 1_000)));
  poller.start();
  await pass(500);
  poller.stop();
  await pass(5_000);
  expect(answer).toEqual({ data: null, at: null, error: null });
});

it('tells only of the last question', async () => {
  const answers: ((value: number) => void)[] = [];
  const { answer, poller } = watch(() => new Promise((resolve) => void answers.push(resolve)));
  poller.start();
  poller.refresh();
  answers[1]?.(2);
  await pass(0);
  answers[0]?.(1);
  await pass(0);
  expect(answer.data).toBe(2);
  poller.stop();
});
