// SPDX-License-Identifier: MIT
/**
 * Whether the server is there: known in this one place.
 *
 * While all is well nothing is asked: each request that gets an answer proves it. Long silence before somebody's eyes is
 * a doubt, and so is a request that gets no answer: /health is asked at once, for one broken connection is not a server that is gone. If that fails too, the server
 * is gone, and is asked again, ever more seldom, until it answers. That a browser calls itself offline proves nothing
 * either (the server may be on this very computer): it is a doubt, and words for the banner.
 */
import { create } from 'zustand';
import { onHeard } from '../api/client';

export interface Connection {
  state: 'there' | 'gone';
  /** The browser says that it has no network. */
  isOffline: boolean;
  /** Date.now() of the next try; null while one is going on. */
  retryAt: number | null;
  /** Date.now() of when it came back after it was gone. */
  backAt: number | null;
}

export const useConnection = create<Connection>()(() => ({
  state: 'there',
  isOffline: false,
  retryAt: null,
  backAt: null,
}));

const PROBE_TIMEOUT_MS = 5_000;
const SILENCE_MS = 30_000;
const DELAYS_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

let timer: ReturnType<typeof setTimeout> | undefined;
let tries = 0;
let heardAt = 0;
let probing: Promise<void> | null = null;

function there(): void {
  clearTimeout(timer);
  heardAt = Date.now();
  tries = 0;
  const { state } = useConnection.getState();
  if (state === 'gone') useConnection.setState({ state: 'there', retryAt: null, backAt: Date.now() });
}

function gone(): void {
  const delay = DELAYS_MS[Math.min(tries, DELAYS_MS.length - 1)] ?? 1_000;
  tries++;
  clearTimeout(timer);
  timer = setTimeout(() => void probe(), delay);
  useConnection.setState({ state: 'gone', retryAt: Date.now() + delay });
}

async function isAnswering(): Promise<boolean> {
  try {
    const answer = await fetch('/health', { cache: 'no-store', signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    // What answers in its place (a proxy's error page, a hotel's login page) is not the server.
    return answer.ok && ((await answer.json()) as { status?: unknown }).status === 'ok';
  } catch {
    return false;
  }
}

/** Asks now; one question at a time. */
export function probe(): Promise<void> {
  clearTimeout(timer);
  useConnection.setState({ retryAt: null });
  probing ??= isAnswering().then((isThere) => {
    probing = null;
    if (isThere) there();
    else gone();
  });
  return probing;
}

/** What others notice of the server: an answer of any kind, or none. */
export function noticed(isThere: boolean): void {
  if (isThere) there();
  else if (useConnection.getState().state === 'there') void probe();
}

function doubtSilence(): void {
  if (!document.hidden && Date.now() - heardAt >= SILENCE_MS) noticed(false);
}

/** Begins to listen; ends with the function that it returns. */
export function watchConnection(): () => void {
  const onNetwork = () => {
    useConnection.setState({ isOffline: !navigator.onLine });
    tries = 0;
    void probe();
  };
  if (!navigator.onLine) onNetwork();
  heardAt = Date.now();
  const silence = setInterval(doubtSilence, SILENCE_MS / 3);
  const deafen = onHeard(noticed);
  window.addEventListener('online', onNetwork);
  window.addEventListener('offline', onNetwork);
  return () => {
    deafen();
    clearTimeout(timer);
    clearInterval(silence);
    window.removeEventListener('online', onNetwork);
    window.removeEventListener('offline', onNetwork);
  };
}
