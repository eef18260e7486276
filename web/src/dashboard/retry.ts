// SPDX-License-Identifier: MIT
/** Has a job that was given up executed after all, and says how that went. */
import { ApiProblem, retryDeadLetter, Unreachable } from '../api/client';

export interface Outcome {
  isGood: boolean;
  text: string;
}

export const shortId = (id: string): string => `…${id.slice(-8)}`;

export async function retry(id: string): Promise<Outcome> {
  try {
    await retryDeadLetter(id);
    return { isGood: true, text: `${shortId(id)} is queued again.` };
  } catch (error) {
    return { isGood: false, text: `${shortId(id)} was not retried: ${reasonOf(error)}` };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Unreachable) return 'the server is not responding.';
  if (!(error instanceof ApiProblem)) return error instanceof Error ? error.message : String(error);
  switch (error.problem.code) {
    case 'no_such_submission':
      return 'its submission is no longer stored.';
    case 'not_failed':
      return 'it has no internal error, or was retried already.';
    default:
      return error.problem.detail;
  }
}
