// SPDX-License-Identifier: MIT
/** What this browser remembers: short texts by name, beyond a reload. */

/** What could not be stored, because storage is full or forbidden: it lasts as long as the page. */
const lasting = new Map<string, string>();

if (typeof window !== 'undefined') {
  // Another tab wrote, or forgot: that is the latest.
  window.addEventListener('storage', ({ key }) => {
    if (key === null) lasting.clear();
    else lasting.delete(key);
  });
}

export function recall(name: string): string | null {
  const here = lasting.get(name);
  if (here !== undefined) return here;
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** null forgets it. Returns whether the next page will know it, too. */
export function remember(name: string, value: string | null): boolean {
  lasting.delete(name);
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
    return true;
  } catch {
    if (value !== null) lasting.set(name, value);
  }
  try {
    // An older one would come back as if it were the latest.
    localStorage.removeItem(name);
  } catch {
    // forbidden altogether: there is none
  }
  return false;
}

/** What this tab of the browser remembers by itself: another one has its own. */
export function recallInTab(name: string): string | null {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

export function rememberInTab(name: string, value: string): void {
  try {
    sessionStorage.setItem(name, value);
  } catch {
    // then it lasts no longer than the page
  }
}
