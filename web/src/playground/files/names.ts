// SPDX-License-Identifier: MIT
/** Names of files: relative paths, as the server takes them. */
import { shownName } from '../../lib/visible';

/** Why it cannot be called that; null: it can. */
export function problemOfName(name: string, others: readonly string[]): string | null {
  if (name.trim() === '') return 'A file needs a name.';
  if (name.startsWith('/') || name.includes('\\')) return 'The name is a path without a leading slash or backslashes.';
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return 'The name must not lead out of the directory.';
  }
  if (shownName(name) !== name) return 'The name has characters that cannot be seen.';
  if (new TextEncoder().encode(name).length > 255) return 'The name is too long.';
  if (others.includes(name)) return 'Another file is called that.';
  return null;
}

/** A name for one more file, beside those that are there. */
export function newName(names: readonly string[]): string {
  const first = names[0] ?? '';
  const dot = first.lastIndexOf('.');
  const ending = dot > 0 ? first.slice(dot) : '.txt';
  // A second Java file is a class, which begins with a capital.
  const stem = ending === '.java' ? 'Other' : 'file';
  for (let number = 2; ; number++) {
    const name = `${stem}${number}${ending}`;
    if (!names.includes(name)) return name;
  }
}
