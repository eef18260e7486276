// SPDX-License-Identifier: MIT
/** Which page an address is. */
import { usePathname } from 'wouter/use-browser-location';

export type Place = { page: 'playground' | 'dashboard' | 'nowhere' } | { page: 'shared'; id: string };

export function placeOf(path: string): Place {
  if (path === '/') return { page: 'playground' };
  if (/^\/dashboard\/?$/.test(path)) return { page: 'dashboard' };
  const id = /^\/s\/([^/]+)\/?$/.exec(path)?.[1];
  try {
    if (id) return { page: 'shared', id: decodeURIComponent(id) };
  } catch {
    // half an escape: no link of ours
  }
  return { page: 'nowhere' };
}

export const usePlace = (): Place => placeOf(usePathname());

/** What a tab of the browser is called. */
export function titleOf(place: Place): string {
  if (place.page === 'playground') return 'Sentinel playground';
  if (place.page === 'dashboard') return 'Dashboard · Sentinel';
  // The beginning of an id is its time, which neighbours share: the end tells them apart.
  if (place.page === 'shared') return `Run …${place.id.slice(-6)} · Sentinel`;
  return 'Not found · Sentinel';
}
