// SPDX-License-Identifier: MIT
/** The submissions of whoever sits here, page by page. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { listJobs, readJob, Unreachable } from '../api/client';
import { currentKey, currentUser } from '../api/key';
import type { JobLine, JobList } from '../api/types';
import { refreshed, unfinished, withPage } from './lines';

const PAGE = 30;
const REFRESH_MS = 2000;
const RETRY_MS = 5000;
/** So many at once are asked for; the others have their turn when these are over. */
const REFRESHED_MOST = 8;

export interface Filters {
  language: string;
  status: string;
}

export interface HistoryState {
  lines: JobLine[];
  phase: 'loading' | 'ready' | 'failed';
  error: unknown;
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore(): void;
  reload(): void;
}

/** A key sees what was run with it and nothing else; without one the name of this browser is what tells. */
function read(filters: Filters, cursor: string | undefined, signal: AbortSignal): Promise<JobList> {
  return listJobs(
    {
      user_id: currentKey() ? undefined : currentUser(),
      language: filters.language || undefined,
      status: filters.status || undefined,
      limit: PAGE,
      cursor,
    },
    signal,
  );
}

export function useHistory(filters: Filters): HistoryState {
  const { language, status } = filters;
  const [lines, setLines] = useState<JobLine[]>([]);
  const [phase, setPhase] = useState<HistoryState['phase']>('loading');
  const [error, setError] = useState<unknown>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [isLoadingMore, setLoadingMore] = useState(false);
  const [loads, setLoads] = useState(0);
  const giveUp = useRef(new AbortController());

  const reload = useCallback(() => setLoads((count) => count + 1), []);

  const load = useCallback(
    async (from: string | null, signal: AbortSignal) => {
      try {
        const page = await read({ language, status }, from ?? undefined, signal);
        if (signal.aborted) return;
        setLines((old) => (from === null ? page.submissions : withPage(old, page.submissions)));
        setCursor(page.next_cursor);
        setError(null);
        setPhase('ready');
      } catch (problem) {
        if (signal.aborted) return;
        setError(problem);
        setPhase((old) => (from === null && old === 'loading' ? 'failed' : old));
      }
      setLoadingMore(false);
    },
    [language, status],
  );

  useEffect(() => {
    const controller = new AbortController();
    giveUp.current = controller;
    setPhase('loading');
    setLoadingMore(false);
    void load(null, controller.signal);
    return () => controller.abort();
  }, [load, loads]);

  /* a server that is gone comes back, and so does a network */
  const isGone = error instanceof Unreachable;
  useEffect(() => {
    if (!isGone) return;
    const timer = setInterval(reload, RETRY_MS);
    window.addEventListener('online', reload);
    return () => {
      clearInterval(timer);
      window.removeEventListener('online', reload);
    };
  }, [isGone, reload]);

  const open = unfinished(lines)
    .slice(0, REFRESHED_MOST)
    .map((line) => line.id)
    .join(' ');
  useEffect(() => {
    if (open === '') return;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    async function refresh() {
      const asked = await Promise.allSettled(open.split(' ').map((id) => readJob(id, controller.signal)));
      if (controller.signal.aborted) return;
      const jobs = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      setLines((old) => refreshed(old, jobs));
      timer = setTimeout(() => void refresh(), REFRESH_MS);
    }
    timer = setTimeout(() => void refresh(), REFRESH_MS);
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [open]);

  const loadMore = useCallback(() => {
    if (cursor === null || isLoadingMore) return;
    setLoadingMore(true);
    void load(cursor, giveUp.current.signal);
  }, [cursor, isLoadingMore, load]);

  return { lines, phase, error, hasMore: cursor !== null, isLoadingMore, loadMore, reload };
}
