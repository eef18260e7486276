// SPDX-License-Identifier: MIT
/** What this browser remembers: short texts by name, beyond a reload. */

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
