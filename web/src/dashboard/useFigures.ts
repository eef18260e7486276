// SPDX-License-Identifier: MIT
/** All that the dashboard shows, kept fresh while somebody looks at it. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useConnection } from '../app/connection';
import { onKeyChanged } from '../app/keys';
import { ApiProblem, readDeadLetters, readLoad, readReady } from '../api/client';
import { currentKey } from '../api/key';
import { readStatistics, type ByStatus } from '../api/statistics';
import { createFailureReader } from './failures';
import { createPoller, type Answer, type Poller } from './poller';
import { wholeLetters, wholeLoad, wholeReady, wholeStatistics } from './whole';
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
  const load = usePoll(readWholeLoad, FIGURES_EVERY_MS, isLive, identity);
  // Who has no key learns from the load whether there is anything to ask for without one.
  const isKeyMissing = load.error instanceof ApiProblem && load.error.problem.status === 401;
  const mayAsk = isLive && !isKeyMissing && (load.data !== null || load.error !== null || currentKey() !== '');
  const statistics = usePoll(readSpan, FIGURES_EVERY_MS, mayAsk, identity);
  const occurred = useRef<ByStatus | null>(null);
  occurred.current = statistics.data?.totals.by_status ?? null;
  // What is kept of failures is of one key: another one begins anew.
  const failureReader = useMemo(() => ({ identity, ...createFailureReader() }), [identity]);
  const readFailures = useCallback(
    (signal: AbortSignal) => failureReader.read(occurred.current, signal),
    [failureReader],
  );
  const figures = {
    load,
    statistics,
    ready: usePoll(readWholeReady, LISTS_EVERY_MS, mayAsk, identity),
    failures: usePoll(readFailures, LISTS_EVERY_MS, mayAsk, identity),
    letters: usePoll(readLetters, LISTS_EVERY_MS, mayAsk, identity),
  };
  return { ...figures, isThere, isLive };
}

export type Figures = ReturnType<typeof useFigures>;
