// SPDX-License-Identifier: MIT
/** Why there is nothing to show, for whoever wanted to see it. */
import { ApiProblem, Unreachable } from '../api/client';

export interface Trouble {
  title: string;
  text: string;
}

export function troubleOf(error: unknown, isShown: boolean): Trouble {
  if (error instanceof ApiProblem) {
    const { status, detail } = error.problem;
    if (status === 404) {
      return {
        title: 'There is no such run here',
        text: 'It may be gone, since results are not kept for ever, or it belongs to somebody else: who has an API key sees only what was run with it.',
      };
    }
    if (status === 401 || status === 403) {
      return { title: 'The server does not let you see this', text: `It says: ${detail}.` };
    }
    return { title: isShown ? 'It could not be read' : 'It could not be run', text: `The server says: ${detail}.` };
  }
  if (error instanceof Unreachable) {
    return {
      title: 'The server does not answer',
      text: 'Nothing is lost: what was submitted goes on, and History has it.',
    };
  }
  return { title: 'Something went wrong', text: error instanceof Error ? error.message : String(error) };
}
