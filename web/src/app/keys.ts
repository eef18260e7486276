// SPDX-License-Identifier: MIT
/** The events by which parts of the page speak of the key: who lacks one asks for it, who depends on it hears of it. */
import { setKey } from '../api/key';

const NEEDED = 'sentinel:key-needed';
const CHANGED = 'sentinel:key-changed';

export function askForKey(): void {
  window.dispatchEvent(new CustomEvent(NEEDED));
}

export function onKeyNeeded(listener: () => void): () => void {
  window.addEventListener(NEEDED, listener);
  return () => window.removeEventListener(NEEDED, listener);
}

/** '' forgets it. Returns whether it outlasts the page. */
export function keepKey(key: string): boolean {
  const isKept = setKey(key);
  window.dispatchEvent(new CustomEvent(CHANGED));
  return isKept;
}

/** Also when another tab of this browser changed it. */
export function onKeyChanged(listener: () => void): () => void {
  const onStorage = (event: StorageEvent) => {
    if (event.key === null || event.key === 'sentinel.key') listener();
  };
  window.addEventListener(CHANGED, listener);
  window.addEventListener('storage', onStorage);
  return () => {
    window.removeEventListener(CHANGED, listener);
    window.removeEventListener('storage', onStorage);
  };
}
