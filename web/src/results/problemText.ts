// SPDX-License-Identifier: MIT
/** Why there is nothing to show, for whoever wanted to see it. */
import { ApiProblem, Unreachable } from '../api/client';
import { complaintOf } from '../playground/problems';

export interface Trouble {
  title: string;
  text: string;
}

/** `isShown`: it was to be shown, not to be run. */
export function troubleOf(error: unknown, isShown: boolean): Trouble {
  if (isShown && error instanceof ApiProblem && error.problem.status === 404) {
    return {
      title: 'There is no such run here',
      text: 'It may be gone, since results are not kept for ever, or it belongs to somebody else: who has an API key sees only what was run with it.',
    };
  }
  if (error instanceof Unreachable) {
    return {
      title: 'The server does not answer',
      text: 'Nothing is lost: what was submitted goes on, and History has it.',
    };
  }
  const { text, advice } = complaintOf(error);
  return { title: isShown ? 'It could not be read' : 'It was not run', text: `${text} ${advice}`.trim() };
}
