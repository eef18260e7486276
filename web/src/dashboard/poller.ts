// SPDX-License-Identifier: MIT
/**
 * Asks one thing of the server again and again. The next question comes a while after the last answer, so a slow
 * server is not asked more than it can answer. Nothing is asked while nobody looks, or while it is no use: a missing
 * key or scope does not appear by asking.
 */
import { ApiProblem, Unreachable } from '../api/client';

export interface Answer<T> {
  /** The last one that was good. */
  data: T | null;
  /** Date.now() of when it came. */
  at: number | null;
  /** Why there is no newer one. */
  error: unknown;
}

export interface Poller {
  /** From now on, and at once. */
  start(): void;
  /** What is under way is dropped. */
  stop(): void;
  /** Once and now, whether it runs or not; also after a refusal. */
  refresh(): void;
}

const TIMEOUT_MS = 15_000;

/** 400, 401 and 403 stay as they are until the key changes; 404 until the server is another one. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof ApiProblem && [400, 401, 403, 404].includes(error.problem.status);

function delayAfter(error: unknown, every: number): number {
  if (error instanceof ApiProblem && error.retryAfter !== null) return Math.max(every, error.retryAfter * 1000);
  return error === null ? every : every * 2;
}

export function createPoller<T>(
  read: (signal: AbortSignal) => Promise<T>,
  every: number,
  tell: (answer: Partial<Answer<T>>) => void,
): Poller {
  let isRunning = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: AbortController | null = null;

  function cease(): void {
    clearTimeout(timer);
    asking?.abort();
    asking = null;
  }

  async function ask(): Promise<void> {
    cease();
    const own = new AbortController();
    asking = own;
    const tooLate = setTimeout(() => own.abort(), TIMEOUT_MS);
    let error: unknown = null;
    try {
      const data = await read(own.signal);
      if (asking === own) tell({ data, at: Date.now(), error: null });
    } catch (thrown) {
      error = own.signal.aborted ? new Unreachable(thrown) : thrown;
      if (asking === own) tell({ error });
    } finally {
      clearTimeout(tooLate);
    }
    if (asking !== own) return;
    asking = null;
    if (isRunning && !isRefusal(error)) timer = setTimeout(() => void ask(), delayAfter(error, every));
  }

  return {
    start() {
      isRunning = true;
      void ask();
    },
    stop() {
      isRunning = false;
      cease();
    },
    refresh() {
      void ask();
    },
  };
}
