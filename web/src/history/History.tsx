// SPDX-License-Identifier: MIT
import { Search } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { ApiProblem, readJobWithRequest, Unreachable } from '../api/client';
import { languageOf, useLanguages } from '../api/languages';
import { STATUSES, statusTitle } from '../api/statuses';
import type { Status, Submission } from '../api/types';
import { isPrecious } from '../draft/isPrecious';
import { replaceDraft } from '../draft/notice';
import { draftOf } from '../draft/submission';
import { useWorkspace } from '../draft/workspace';
import { shownName } from '../lib/visible';
import { useView } from '../playground/layout/view';
import { hasFilesOf } from '../playground/adoptShared';
import { isStale } from '../results/stale';
import { useRun } from '../run/run';
import { Button } from '../ui/Button';
import { cx } from '../ui/cx';
import { CONTROL, Select } from '../ui/Field';
import { HistoryLine } from './HistoryLine';
import { knownRuns, type Known } from './known';
import { matching } from './lines';
import { useHistory, type HistoryState } from './useHistory';

const NONE: ReadonlyMap<string, Known> = new Map();

function sentenceOf(error: unknown): string {
  if (error instanceof Unreachable) {
    return navigator.onLine ? 'The server is not responding. Trying again every 5 s.' : 'You are offline.';
  }
  if (error instanceof ApiProblem) {
    if (error.problem.status === 401) return 'This server needs an API key.';
    if (error.problem.status === 429) return 'Too many requests this minute. Try again in a moment.';
    return `The server says: ${error.problem.detail}.`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Puts code, input and result of an earlier run into the page. */
async function open(id: string): Promise<void> {
  const [job] = await Promise.all([
    readJobWithRequest(id),
    useLanguages.getState().languages ?? useLanguages.getState().load(),
  ]);
  const { languages } = useLanguages.getState();
  const request = job.request as Submission | undefined;
  const language = languageOf(languages, job.language ?? request?.language ?? null);
  if (language && request) {
    const old = useWorkspace.getState().drafts[language.name];
    if (old !== undefined && !isStale(request, language, old)) useWorkspace.getState().setLanguage(language);
    else {
      const draft = draftOf(language, request);
      const what = old !== undefined && hasFilesOf(old, draft) ? 'Your input, tests and limits were' : 'Your code was';
      const isLost = old !== undefined && isPrecious(old, language);
      replaceDraft(language.name, draft, isLost, `${what} replaced by that run’s.`);
    }
  }
  useView.getState().show('result');
  void useRun.getState().show(id);
}

/** Ticks, so that "3 min ago" stays true. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function Trouble({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const needsKey = error instanceof ApiProblem && (error.problem.status === 401 || error.problem.status === 403);
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-3 border-b border-line bg-warn-soft px-4 py-2 text-[13px] text-warn"
    >
      <span className="min-w-0 flex-1">{sentenceOf(error)}</span>
      <Button
        className="h-7"
        onClick={() => (needsKey ? window.dispatchEvent(new CustomEvent('sentinel:key-needed')) : onRetry())}
      >
        {needsKey ? 'Enter a key' : 'Try again'}
      </Button>
    </div>
  );
}

function Skeleton() {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col">
      {Array.from({ length: 6 }, (_, index) => (
        <div key={index} aria-hidden="true" className="flex flex-col gap-2 border-b border-line px-4 py-3">
          <div className="h-4 w-3/5 animate-pulse rounded bg-raised" />
          <div className="h-3 w-2/5 animate-pulse rounded bg-raised" />
        </div>
      ))}
    </div>
  );
}

/** Comes into sight at the end of the list, and then there is more of it. */
function More({ history }: { history: HistoryState }) {
  const end = useRef<HTMLDivElement>(null);
  const { loadMore, isLoadingMore, error } = history;
  useEffect(() => {
    const element = end.current;
    /* what failed is tried again by hand, not by being in sight */
    if (!element || error !== null || typeof IntersectionObserver === 'undefined') return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) loadMore();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [loadMore, error]);
  return (
    <div ref={end} className="flex justify-center p-3">
      <Button kind="quiet" aria-disabled={isLoadingMore} onClick={loadMore}>
        {isLoadingMore ? 'Loading…' : 'Show more'}
      </Button>
    </div>
  );
}

function Nothing({ isFiltered, hasMore }: { isFiltered: boolean; hasMore: boolean }) {
  return (
    <p className="p-8 text-center text-[13px] text-muted">
      {isFiltered
        ? hasMore
          ? 'No match so far. Show more to look further back.'
          : 'No run matches.'
        : 'Nothing was run yet. Your runs will be listed here.'}
    </p>
  );
}

/** What was run before; a click brings it back. */
export function History({ onClose }: { onClose: () => void }) {
  const { languages, load: loadLanguages } = useLanguages();
  const [text, setText] = useState('');
  const [language, setLanguage] = useState('');
  const [status, setStatus] = useState<Status | ''>('');
  const search = useRef<HTMLInputElement>(null);
  const history = useHistory({ language, status });
  const now = useNow();
  const shownId = useRun((run) => run.id);
  const [opening, setOpening] = useState<string | null>(null);
  const [failure, setFailure] = useState<{ id: string; error: unknown } | null>(null);

  // Not by touch, where the keyboard on the screen would cover the list.
  useEffect(() => {
    if (!window.matchMedia?.('(pointer: coarse)').matches) search.current?.focus();
  }, []);

  useEffect(() => {
    if (!languages) void loadLanguages();
  }, [languages, loadLanguages]);

  const titleOf = (name: string | null) => languageOf(languages, name)?.title ?? shownName(name ?? 'Unknown language');
  // Read anew when lines come: a run that was begun meanwhile is known, too.
  const known = useMemo(() => (history.lines.length > 0 ? knownRuns() : NONE), [history.lines]);
  const found = matching(history.lines, text, titleOf, known);
  const isFiltered = text.trim() !== '' || language !== '' || status !== '';

  async function choose(id: string) {
    setOpening(id);
    setFailure(null);
    try {
      await open(id);
      onClose();
    } catch (error) {
      setFailure({ id, error });
    } finally {
      setOpening(null);
    }
  }

  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-wrap gap-2 border-b border-line px-4 py-3">
        <div className="relative w-full">
          <Search
            size={14}
            aria-hidden="true"
            className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-muted"
          />
          <input
            ref={search}
            type="search"
            aria-label="Search the history"
            placeholder="Search code, files, language, status"
            value={text}
            className={cx(CONTROL, 'w-full pl-8')}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <Select
          aria-label="Language"
          value={language}
          className="min-w-0 flex-1"
          onChange={(event) => setLanguage(event.target.value)}
        >
          <option value="">All languages</option>
          {languages?.map((one) => (
            <option key={one.name} value={one.name}>
              {one.title}
            </option>
          ))}
        </Select>
        <Select
          aria-label="Status"
          value={status}
          className="min-w-0 flex-1"
          onChange={(event) => setStatus(STATUSES.find((one) => one === event.target.value) ?? '')}
        >
          <option value="">All statuses</option>
          {STATUSES.map((one) => (
            <option key={one} value={one}>
              {statusTitle(one)}
            </option>
          ))}
        </Select>
      </div>
      {history.error !== null && <Trouble error={history.error} onRetry={history.reload} />}
      {failure && <Trouble error={failure.error} onRetry={() => void choose(failure.id)} />}
      <div className="min-h-0 flex-1 overflow-y-auto">
        {history.phase === 'loading' && history.lines.length === 0 && <Skeleton />}
        {history.phase === 'ready' && found.length === 0 && (
          <Nothing isFiltered={isFiltered} hasMore={history.hasMore} />
        )}
        {found.length > 0 && (
          <ul aria-label="Earlier runs" aria-busy={history.phase === 'loading' || undefined}>
            {found.map((line) => (
              <HistoryLine
                key={line.id}
                line={line}
                title={titleOf(line.language)}
                known={known.get(line.id)}
                now={now}
                isShown={line.id === shownId}
                isOpening={line.id === opening}
                onOpen={() => void choose(line.id)}
              />
            ))}
          </ul>
        )}
        {history.hasMore && <More history={history} />}
      </div>
    </div>
  );
}
