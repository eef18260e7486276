// SPDX-License-Identifier: MIT
/** Who this browser is to the server: an API key, if one was given, and a name of its own that lists are filtered by. */
import { recall, remember } from '../lib/storage';

const KEY = 'sentinel.key';
const USER = 'sentinel.user';

export function currentKey(): string {
  return recall(KEY) ?? '';
}

/** Returns whether it outlasts the page. */
export function setKey(key: string): boolean {
  return remember(KEY, key.trim() || null);
}

/** Made at the first use; says nothing about the person. */
export function currentUser(): string {
  let user = recall(USER);
  if (!user) {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    user = `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
    remember(USER, user);
  }
  return user;
}
