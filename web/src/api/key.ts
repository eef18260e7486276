// SPDX-License-Identifier: MIT
/** Who this browser is to the server: an API key, if one was given, and a name of its own that lists are filtered by. */

const KEY = 'sentinel.key';
const USER = 'sentinel.user';

/** Storage may be forbidden; then things last as long as the page. */
const lasting = new Map<string, string>();

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(name) ?? lasting.get(name) ?? null;
  } catch {
    return lasting.get(name) ?? null;
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // kept below
  }
  if (value === null) lasting.delete(name);
  else lasting.set(name, value);
}

export function currentKey(): string {
  return recall(KEY) ?? '';
}

export function setKey(key: string): void {
  remember(KEY, key.trim() || null);
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
