// SPDX-License-Identifier: MIT
/** Tries a key against the server before it is kept: what may it do? */
import { API, problemOf } from '../api/client';

export type Trial =
  | { outcome: 'accepted'; may: 'admin' | 'read' | 'submit' }
  | { outcome: 'refused' | 'malformed' | 'unreachable'; detail: string };

/** What may stand in a header, without spaces: everything else was copied wrong. */
const SHAPE = /^[\x21-\x7e]{1,512}$/;

/** Sorts an answer: 403 says that the key is known and lacks the scope. */
async function mayReach(path: string, key: string): Promise<boolean | Trial> {
  const headers: Record<string, string> = key ? { Authorization: `Bearer ${key}` } : {};
  let answer: Response;
  try {
    answer = await fetch(`${API}${path}`, { headers, cache: 'no-store' });
  } catch {
    return { outcome: 'unreachable', detail: 'The server is not responding, so the key was not checked.' };
  }
  if (answer.ok) return true;
  const { problem, retryAfter } = await problemOf(answer);
  if (answer.status === 403 && problem.code === 'scope_missing') return false;
  if (answer.status === 401 || answer.status === 403) return { outcome: 'refused', detail: problem.detail };
  if (answer.status === 429) {
    return { outcome: 'refused', detail: `Too many requests; try again in ${retryAfter ?? 60} s.` };
  }
  return { outcome: 'unreachable', detail: problem.detail };
}

/** An empty key: what may be done without one? */
export async function tryKey(key: string): Promise<Trial> {
  if (key && !SHAPE.test(key)) {
    return {
      outcome: 'malformed',
      detail: 'A key is one word of plain letters, digits and signs. Was all of it copied?',
    };
  }
  const isAdmin = await mayReach('/dead-letters', key);
  if (typeof isAdmin === 'object') return isAdmin;
  if (isAdmin) return { outcome: 'accepted', may: 'admin' };
  const isReader = await mayReach('/load', key);
  if (typeof isReader === 'object') return isReader;
  return { outcome: 'accepted', may: isReader ? 'read' : 'submit' };
}
