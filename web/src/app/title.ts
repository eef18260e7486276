// SPDX-License-Identifier: MIT
/** What a tab of the browser is called, by its place. */
export function titleOf(path: string): string {
  if (path === '/') return 'Sentinel playground';
  if (path === '/dashboard') return 'Dashboard · Sentinel';
  const shared = /^\/s\/([^/]+)$/.exec(path)?.[1];
  // The beginning of an id is its time, which neighbours share: the end tells them apart.
  if (shared) return `Run …${shared.slice(-6)} · Sentinel`;
  return 'Not found · Sentinel';
}
