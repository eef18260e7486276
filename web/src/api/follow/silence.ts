// SPDX-License-Identifier: MIT
import { readJob } from '../client';
import { isOver } from '../types';
import type { Ending, Errand } from '../follow';

/** A way that is open, and by which nothing at all came, is asked about after this time. */
const FIRST_MS = 2000;
const LATER_MS = 15_000;

/**
 * Watches over a live way by which nothing comes. There are proxies that accept it and keep back what is sent, and
 * connections that are dead without having been closed. Calls `onSuspicion` when the server says otherwise than the way.
 */
export function watchSilence({ id, told, signal }: Errand, onSuspicion: (ending: Ending) => void): () => void {
  let seen = told.count;
  let timer = setTimeout(check, FIRST_MS);
  let isWatching = true;

  function again(): void {
    if (isWatching) timer = setTimeout(check, LATER_MS);
  }

  function check(): void {
    if (told.count > seen) {
      seen = told.count;
      again();
      return;
    }
    readJob(id, signal).then(
      (job) => {
        if (!isWatching) return;
        if (isOver(job.status)) onSuspicion('broken');
        else if (told.count === 0 && job.status !== 'QUEUED') onSuspicion('refused');
        else again();
      },
      () => {
        if (isWatching) onSuspicion('broken');
      },
    );
  }

  return () => {
    isWatching = false;
    clearTimeout(timer);
  };
}
