// SPDX-License-Identifier: MIT
/** Whether all is well, in one line: made of the figures that the page shows, the worst first. */
import type { Statistics } from '../api/statistics';
import type { Load, Ready } from '../api/types';
import { plural } from '../lib/format';
import { slotsOf } from './fleet';
import { about, count } from './format';
import { latestPerMinute } from './series';
import { ratesOf } from './statuses';

export interface Health {
  state: 'good' | 'busy' | 'bad';
  /** The answer in a word or two. */
  word: string;
  /** What it is made of; goes on behind a colon. */
  text: string;
}

/** A queue in which the last one waits longer than this is more than a burst. */
const LONG_MS = 120_000;
/** A queue that has just come keeps all slots busy: what they do meanwhile tells more than the quiet before. */
const BUSY_SECONDS = 15;

export interface Depth {
  /** Of those that wait now, until the last of them is taken; null: nothing ended lately to tell by. */
  waitMs: number | null;
  level: 'fine' | 'busy' | 'deep';
}

/** How deep a queue is for the workers that are there: what their slots take at once is no queue worth a word. */
export function depthOf(load: Load, statistics: Statistics | null): Depth {
  const { slots } = slotsOf(load.workers);
  const rate = statistics && Math.max(latestPerMinute(statistics), latestPerMinute(statistics, BUSY_SECONDS));
  const waitMs = rate && Number.isFinite(load.waiting) ? (load.waiting / rate) * 60_000 : null;
  if (!(load.waiting > slots)) return { waitMs, level: 'fine' };
  const isDeep = slots === 0 || (waitMs === null ? load.waiting > slots * 50 : waitMs > LONG_MS);
  return { waitMs, level: isDeep ? 'deep' : 'busy' };
}

const waiting = (load: Load): string => `${count(load.waiting)} ${load.waiting === 1 ? 'waits' : 'wait'}`;

function queueText(load: Load, statistics: Statistics | null): string {
  if (load.waiting === 0) return 'nothing waits';
  if (!Number.isFinite(load.waiting)) return '';
  const { waitMs, level } = depthOf(load, statistics);
  return level !== 'fine' && waitMs !== null ? `${waiting(load)}, about ${about(waitMs)}` : waiting(load);
}

function pastText(statistics: Statistics | null, words: string): string | null {
  if (!statistics) return null;
  const { finished } = ratesOf(statistics.totals.by_status);
  if (finished === 0) return `nothing ran in the last ${words}`;
  const rate = latestPerMinute(statistics);
  return rate ? `${count(rate)} finished a minute` : `${count(finished)} finished in the last ${words}`;
}

function troublesOf(load: Load, statistics: Statistics | null, ready: Ready | null, letters: number, words: string) {
  const down = Object.entries(ready?.checks ?? {}).filter(
    ([name, { status }]) => name !== 'workers' && status !== 'up',
  );
  const internal = statistics ? ratesOf(statistics.totals.by_status).internal : 0;
  const hasWorker = slotsOf(load.workers).slots > 0;
  return [
    ...down.map(([name]) => `the ${name} is down`),
    !hasWorker && (load.waiting > 0 ? `no worker is there, and ${waiting(load)}` : 'no worker is there'),
    internal > 0 && `${plural(internal, 'service error')} in the last ${words}`,
    letters > 0 && plural(letters, 'dead letter'),
  ].filter((text) => text !== false);
}

export function healthOf(
  load: Load,
  statistics: Statistics | null,
  ready: Ready | null,
  /** How many dead letters there are. */
  letters: number,
  /** Of the window, as in "in the last …". */
  words: string,
): Health {
  const troubles = troublesOf(load, statistics, ready, letters, words);
  const { level } = depthOf(load, statistics);
  const isBusy = level !== 'fine' && load.workers.length > 0;
  if (troubles.length > 0) {
    return {
      state: 'bad',
      word: 'Trouble',
      text: [...troubles, isBusy && queueText(load, statistics)].filter(Boolean).join('; '),
    };
  }
  if (isBusy) {
    const rate = pastText(statistics, words);
    return { state: 'busy', word: 'Busy', text: [queueText(load, statistics), rate].filter(Boolean).join('; ') };
  }
  return {
    state: 'good',
    word: 'All is well',
    text: [pastText(statistics, words), queueText(load, statistics)].filter(Boolean).join(', '),
  };
}
