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
    return { isGood: false, text: `${shortId(id)} was not queued: ${reasonOf(error)}` };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Unreachable) return 'the server does not answer.';
  if (!(error instanceof ApiProblem)) return error instanceof Error ? error.message : String(error);
  switch (error.problem.code) {
    case 'no_such_submission':
      return 'its submission is not kept any more.';
    case 'not_failed':
      return 'it did not end with an internal error, or somebody has retried it already.';
    default:
      return error.problem.detail;
  }
}
