// SPDX-License-Identifier: MIT
import { useEffect, useState } from 'react';
import { recall, remember } from '../lib/storage';
import { ApiProblem } from '../api/client';
import type { WorkerLoad } from '../api/statistics';
import { cx } from '../ui/cx';
import { Link } from '../ui/Link';
import { Card } from './Card';
import { RunTimeChart, ThroughputChart, VerdictChart } from './Charts';
import { Freshness, PauseButton, SpanPicker } from './Controls';
import './dashboard.css';
import { DeadLetters } from './DeadLetters';
import { Dependencies } from './Dependencies';
import { languagesOf } from './fleet';
import { count } from './format';
import { healthOf } from './health';
import { Notice } from './Notice';
import { RecentFailures } from './RecentFailures';
import { isEmpty } from './series';
import { LanguagesTable, LatencyTable } from './Tables';
import { Tiles } from './Tiles';
import { useFigures, type Figures } from './useFigures';
import { Verdict } from './Verdict';
import { Workers } from './Workers';
import { spanOf, type Span } from './windows';

const STORED = 'sentinel.dashboard.window';

/** Ages are shown, so the page is drawn anew each second while figures do not come. */
function useClock(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** The server's clock, by how far it was from ours when it last told: ages are by the clock that set the times. */
function serverTime({ statistics }: Figures, now: number): number {
  if (!statistics.data || statistics.at === null) return now;
  return now + Date.parse(statistics.data.now) - statistics.at;
}

const isKeyMissing = (error: unknown) => error instanceof ApiProblem && error.problem.status === 401;

function Welcome() {
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 rounded-xl border border-line bg-info-soft px-4 py-3">
      <p className="flex-1 basis-64 text-info">
        <strong className="font-semibold">Nothing has run on this server yet.</strong> Run something and watch it show
        up here.
      </p>
      <Link href="/" className="rounded-md bg-accent px-3 py-1.5 text-[13px] font-semibold text-on-accent">
        Open the playground
      </Link>
    </div>
  );
}

function Grid({ figures, span, now }: { figures: Figures; span: Span; now: number }) {
  const { load, statistics, ready, failures, letters, isThere } = figures;
  const isStale = !isThere;
  // Figures of another window stay until those of this one are there.
  const isOtherSpan = statistics.data !== null && statistics.data.seconds !== span.seconds;
  const isSpanStale = isStale || isOtherSpan;
  /** Or they are on their way. */
  const hasStatistics = statistics.data !== null || statistics.error === null;
  const workers: readonly WorkerLoad[] = load.data?.workers ?? [];
  const serverNow = serverTime(figures, now);
  const charts = { source: statistics, span, isStale: isSpanStale };
  const hasNothing =
    failures.data !== null && !failures.data.hasAny && statistics.data !== null && isEmpty(statistics.data);
  const refreshAll = () => {
    letters.refresh();
    failures.refresh();
    load.refresh();
  };

  return (
    <>
      {hasNothing && <Welcome />}
      {(load.data !== null || load.error === null) && (
        <Verdict
          health={load.data && healthOf(load.data, statistics.data, ready.data, letters.data?.length ?? 0, span.words)}
          isStale={isStale || load.error !== null}
        />
      )}
      <Tiles
        load={load}
        statistics={statistics}
        isStale={isSpanStale || load.error !== null || (statistics.data !== null && statistics.error !== null)}
      />
      <div className="grid gap-3 lg:grid-cols-2 2xl:grid-cols-3">
        {!hasStatistics ? (
          <Card
            title="Statistics"
            source={statistics}
            isStale={false}
            className="min-h-48 lg:col-span-2 2xl:col-span-3"
          >
            {() => null}
          </Card>
        ) : (
          <>
            <VerdictChart {...charts} className="lg:col-span-2 2xl:col-span-1" />
            <ThroughputChart {...charts} />
            <RunTimeChart {...charts} />
          </>
        )}
      </div>
      <div
        className={cx(
          'grid gap-3 lg:grid-cols-2',
          hasStatistics && 'xl:grid-cols-[minmax(0,1.1fr)_minmax(0,1.5fr)_minmax(0,1fr)]',
        )}
      >
        {hasStatistics && (
          <Card title="Latency" note={`last ${span.words}`} source={statistics} isStale={isSpanStale} room="min-h-44">
            {({ latency_ms }) => <LatencyTable latency={latency_ms} />}
          </Card>
        )}
        <Card
          title="Languages"
          note={hasStatistics ? `last ${span.words}` : 'now'}
          source={load}
          isStale={isSpanStale}
          room="min-h-44"
        >
          {(data) => <LanguagesTable lines={languagesOf(data, statistics.data)} knowsPast={statistics.data !== null} />}
        </Card>
        <Card
          title="Dependencies"
          source={ready}
          isStale={isStale}
          room="min-h-44"
          className={hasStatistics ? 'lg:col-span-2 xl:col-span-1' : ''}
        >
          {(data) => <Dependencies ready={data} />}
        </Card>
      </div>
      <Card
        title="Workers"
        note={workers.length > 0 ? `${count(workers.length)}, counted since each started` : undefined}
        source={load}
        isStale={isStale}
        room="min-h-20"
      >
        {() => <Workers workers={workers} now={serverNow} />}
      </Card>
      <div className="grid gap-3 lg:grid-cols-2">
        <Card title="Recent failures" source={failures} isStale={isStale}>
          {(data) => <RecentFailures failures={data} now={serverNow} />}
        </Card>
        <Card title="Dead letters" note="given up after the last attempt" source={letters} isStale={isStale}>
          {(data) => <DeadLetters letters={data} now={serverNow} onChanged={refreshAll} />}
        </Card>
      </div>
      {statistics.data?.is_sampled && (
        <p className="text-[12px] text-muted">
          This window has more submissions than the server counts. Figures cover the newest; the oldest part of the
          charts is too low.
        </p>
      )}
    </>
  );
}

export default function Dashboard() {
  const [span, setSpan] = useState(() => spanOf(recall(STORED)));
  const [isPaused, setPaused] = useState(false);
  const figures = useFigures(span, isPaused);
  const now = useClock();
  const { load, isThere } = figures;
  const isLoading = load.at === null && load.error === null;
  const mode = !isThere
    ? 'gone'
    : isPaused
      ? 'paused'
      : load.error !== null
        ? 'failing'
        : isLoading
          ? 'loading'
          : 'live';

  function choose(next: Span) {
    remember(STORED, next.name);
    setSpan(next);
  }

  return (
    <main className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex w-full max-w-[1680px] flex-col gap-3 p-3 sm:p-4">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <h1 className="text-[17px] font-semibold tracking-tight">Dashboard</h1>
          <Freshness mode={mode} at={load.at} now={now} />
          <div className="ml-auto flex items-center gap-2">
            <SpanPicker span={span} onChange={choose} />
            <PauseButton isPaused={isPaused} onChange={setPaused} />
          </div>
        </div>
        {isKeyMissing(load.error) && load.data === null ? (
          <div className="rounded-xl border border-line bg-surface py-10">
            <Notice error={load.error} onAgain={load.refresh} />
          </div>
        ) : (
          <Grid figures={figures} span={span} now={now} />
        )}
      </div>
    </main>
  );
}
