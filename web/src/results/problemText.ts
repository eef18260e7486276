// SPDX-License-Identifier: MIT
/** Why there is nothing to show, for whoever wanted to see it. */
import { ApiProblem, Unreachable } from '../api/client';
import { complaintOf } from '../api/problems';

export interface Trouble {
  title: string;
  text: string;
}

/** `isShown`: it was to be shown, not to be run. */
export function troubleOf(error: unknown, isShown: boolean): Trouble {
  if (isShown && error instanceof ApiProblem && error.problem.status === 404) {
    return {
      title: 'There is no such run here',
      text: 'Results are not kept forever, or it belongs to somebody else: an API key shows only what was run with it.',
    };
  }
  if (error instanceof Unreachable) {
    return {
      title: 'The server is not responding',
      text: 'Nothing is lost: what was submitted keeps running, and is in History.',
    };
  }
  const { text, advice } = complaintOf(error);
  return { title: isShown ? 'It could not be loaded' : 'It was not run', text: `${text} ${advice}`.trim() };
}
