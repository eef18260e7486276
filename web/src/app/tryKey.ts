// SPDX-License-Identifier: MIT
/** Tries a key against the server before it is kept: what may it do? */
import { API } from '../api/client';
import type { Problem } from '../api/types';

export type Trial =
  | { outcome: 'accepted'; may: 'admin' | 'read' | 'submit' }
  | { outcome: 'refused' | 'malformed' | 'unreachable'; detail: string };

/** What may stand in a header, without spaces: everything else was copied wrong. */
const SHAPE = /^[\x21-\x7e]{1,512}$/;

async function detailOf(answer: Response): Promise<string> {
  try {
    return ((await answer.json()) as Problem).detail;
  } catch {
    return `The server answered ${answer.status} without saying why.`;
  }
}

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
  if (answer.status === 403) {
    const problem = (await answer.json().catch(() => null)) as Problem | null;
    if (problem?.code === 'scope_missing') return false;
    return { outcome: 'refused', detail: problem?.detail ?? 'The server refused the request.' };
  }
  if (answer.status === 401) return { outcome: 'refused', detail: await detailOf(answer) };
  if (answer.status === 429) {
    const seconds = Number(answer.headers.get('Retry-After')) || 60;
    return { outcome: 'refused', detail: `Too many requests; try again in ${seconds} s.` };
  }
  return { outcome: 'unreachable', detail: await detailOf(answer) };
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
