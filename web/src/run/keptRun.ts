// SPDX-License-Identifier: MIT
/** The run that is shown outlives a reload of the page: this tab of the browser keeps its id. */
import { ApiProblem, readJob } from '../api/client';
import { recallInTab, rememberInTab } from '../lib/storage';
import { useRun } from './run';

const KEPT = 'sentinel.run';

/** One that is gone, or belongs to another key, is not worth a word: nobody asked for it. */
async function isThere(id: string): Promise<boolean> {
  try {
    await readJob(id);
    return true;
  } catch (error) {
    // A server that is away comes back, and it is waited for.
    return !(error instanceof ApiProblem);
  }
}

/** Shows the run of before the reload, unless there is another by then; `isWanted` is asked last. */
export async function showKeptRun(isWanted: () => boolean): Promise<void> {
  const id = recallInTab(KEPT);
  const isIdle = () => useRun.getState().phase === 'idle';
  if (id === null || !isIdle() || !isWanted()) return;
  if ((await isThere(id)) && isIdle() && isWanted()) void useRun.getState().show(id);
}

/** Ends with the function that it returns. */
export function keepRun(): () => void {
  const keep = () => {
    const { id } = useRun.getState();
    if (id !== null) rememberInTab(KEPT, id);
  };
  keep();
  return useRun.subscribe((now, before) => now.id !== before.id && keep());
}
