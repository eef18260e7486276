// SPDX-License-Identifier: MIT
/** All that the dashboard shows, kept fresh while somebody looks at it. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { useConnection } from '../app/connection';
import { onKeyChanged } from '../app/keys';
import { listJobs, readDeadLetters, readJob, readLoad, readReady } from '../api/client';
import { readStatistics } from '../api/statistics';
import type { JobLine } from '../api/types';
import { failuresOf } from './fleet';
import { createPoller, type Answer, type Poller } from './poller';
import { wholeJobs, wholeLetters, wholeLoad, wholeReady, wholeStatistics } from './whole';
import type { Span } from './windows';

const FIGURES_EVERY_MS = 2_000;
/** Lists are dearer and change less. */
const LISTS_EVERY_MS = 4_000;

export interface Source<T> extends Answer<T> {
  refresh(): void;
}

const NOTHING: Answer<never> = { data: null, at: null, error: null };

function usePoll<T>(
  read: (signal: AbortSignal) => Promise<T>,
  every: number,
  isLive: boolean,
  /** Another one: what was known is void. */
  identity: number,
): Source<T> {
  const [answer, setAnswer] = useState<Answer<T>>(NOTHING);
  const poller = useRef<Poller | null>(null);
  /** Another question is asked once also while the page stands still. */
  const lastRead = useRef(read);

  useEffect(() => setAnswer(NOTHING), [identity]);
  useEffect(() => {
    const own = createPoller(read, every, (change) => setAnswer((before) => ({ ...before, ...change })));
    poller.current = own;
    if (isLive) own.start();
    else if (lastRead.current !== read) own.refresh();
    lastRead.current = read;
    return () => own.stop();
  }, [read, every, isLive, identity]);

  const refresh = useCallback(() => poller.current?.refresh(), []);
  return { ...answer, refresh };
}

function useIsVisible(): boolean {
  const [isVisible, setVisible] = useState(() => document.visibilityState !== 'hidden');
  useEffect(() => {
    const onChange = () => setVisible(document.visibilityState !== 'hidden');
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  }, []);
  return isVisible;
}

const INTERNAL_MOST = 8;
const RECENT_LOOKED_AT = 60;
const FAILURES_MOST = 14;

export interface Failures {
  jobs: JobLine[];
  /** Why, of the service's own faults: by reasonKey(). */
  reasons: ReadonlyMap<string, string>;
  /** There is any submission at all. */
  hasAny: boolean;
}

/** One that was given another try may end anew. */
export const reasonKey = (job: JobLine): string => `${job.id} ${job.finished_at ?? ''}`;

/** Lists do not tell why the service failed: each such job is read once. */
const reasons = new Map<string, string>();

async function learnReasons(jobs: readonly JobLine[], signal: AbortSignal): Promise<void> {
  const unknown = jobs.filter((job) => job.status === 'INTERNAL_ERROR' && !reasons.has(reasonKey(job)));
  for (const job of unknown.slice(0, INTERNAL_MOST)) {
    const reason = await readJob(job.id, signal).then(
      (whole) => whole.reason ?? '',
      () => undefined,
    );
    if (reason !== undefined) reasons.set(reasonKey(job), reason);
  }
}

async function readFailures(signal: AbortSignal): Promise<Failures> {
  const [internal, recent] = await Promise.all([
    listJobs({ status: 'INTERNAL_ERROR', limit: INTERNAL_MOST }, signal),
    listJobs({ limit: RECENT_LOOKED_AT }, signal),
  ]);
  const lately = wholeJobs(recent);
  const jobs = failuresOf(wholeJobs(internal), lately, FAILURES_MOST);
  await learnReasons(jobs, signal);
  return { jobs, reasons, hasAny: lately.length > 0 };
}

const readLetters = async (signal: AbortSignal) => wholeLetters(await readDeadLetters(signal));
const readWholeLoad = async (signal: AbortSignal) => wholeLoad(await readLoad(signal));
const readWholeReady = async (signal: AbortSignal) => wholeReady(await readReady(signal));

export function useFigures(span: Span, isPaused: boolean) {
  const isThere = useConnection(({ state }) => state === 'there');
  const isVisible = useIsVisible();
  const isLive = isThere && isVisible && !isPaused;
  const [identity, setIdentity] = useState(0);
  useEffect(() => onKeyChanged(() => setIdentity((before) => before + 1)), []);

  const readSpan = useCallback(
    async (signal: AbortSignal) => wholeStatistics(await readStatistics(span.seconds, span.buckets, signal)),
    [span.seconds, span.buckets],
  );
  const figures = {
    load: usePoll(readWholeLoad, FIGURES_EVERY_MS, isLive, identity),
    statistics: usePoll(readSpan, FIGURES_EVERY_MS, isLive, identity),
    ready: usePoll(readWholeReady, LISTS_EVERY_MS, isLive, identity),
    failures: usePoll(readFailures, LISTS_EVERY_MS, isLive, identity),
    letters: usePoll(readLetters, LISTS_EVERY_MS, isLive, identity),
  };
  return { ...figures, isThere, isLive };
}

export type Figures = ReturnType<typeof useFigures>;
