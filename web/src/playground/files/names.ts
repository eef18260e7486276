// SPDX-License-Identifier: MIT
/** Names of files: relative paths, as the server takes them. */
import { shownName } from '../../lib/visible';
import { endingOf } from './newName';

/** Why it cannot be called that; null: it can. */
export function problemOfName(name: string, others: readonly string[]): string | null {
  if (name.trim() === '') return 'A file needs a name.';
  if (name.startsWith('/') || name.includes('\\')) return 'Use a relative path without backslashes.';
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return 'Use plain names between slashes, without . or ..';
  }
  if (shownName(name) !== name) return 'The name contains invisible characters.';
  if (new TextEncoder().encode(name).length > 255) return 'The name is too long.';
  if (others.includes(name)) return 'Another file has this name.';
  return null;
}

/** What is called by convention what it is called, without an ending. */
const BARE = /(^|\/)(\w+file|LICENSE|README)$/;

/** What is meant by what was written in the place of `before`: a new file without an ending gets the one of before. */
export function meantName(written: string, before: string, isNew: boolean): string {
  const name = written.trim();
  const ending = endingOf(before);
  if (name === '' || ending === '') return name;
  // Written with its ending, before the one that was still there.
  if (name.endsWith(ending + ending)) return name.slice(0, -ending.length);
  const isWhole = !isNew || BARE.test(name) || name.slice(name.lastIndexOf('/') + 1).includes('.');
  return isWhole ? name : name + ending;
}
