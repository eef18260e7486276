// SPDX-License-Identifier: MIT
import type { ReactNode } from 'react';
import type { Statistics, WorkerLoad } from '../api/statistics';
import type { Load } from '../api/types';
import { cx } from '../ui/cx';
import { Bar } from './Bar';
import { CardBoundary } from './CardBoundary';
import { hostsOf, slotsOf } from './fleet';
import { kilobytes } from '../lib/format';
import { about, count, duration, percent } from './format';
import { depthOf } from './health';
import type { Answer } from './poller';
import { latestPerMinute, meanPerMinute } from './series';
import { ratesOf, share } from './statuses';

function Tile({
  name,
  value,
  note,
  hint,
  tone,
  children,
}: {
  name: string;
  value: string;
  note: string;
  /** More of it, for who points at it. */
  hint?: string;
  tone?: 'bad' | 'warn' | undefined;
  children?: ReactNode;
}) {
  return (
    <div className="flex min-w-0 flex-col rounded-xl border border-line bg-surface px-3.5 py-2.5">
      <dt className="text-[12px] text-muted">{name}</dt>
      <dd className="flex flex-1 flex-col">
        <span
          className={cx(
            'text-[22px] leading-8 font-semibold tracking-tight break-words tabular-nums',
            tone === 'bad' && 'text-bad',
            tone === 'warn' && 'text-warn',
          )}
        >
          {value}
        </span>
        <span className="text-[12px] text-muted tabular-nums" title={hint ?? note}>
          {note}
        </span>
        {children && <span className="mt-1.5 block">{children}</span>}
      </dd>
    </div>
  );
}

/** Until the figures come: of their size, so that nothing moves then. */
function Waiting({ names, hasBar = false }: { names: string[]; hasBar?: boolean }) {
  return names.map((name) => (
    <Tile key={name} name={name} value="–" note="Loading…">
      {hasBar && <span className="block h-1.5 rounded-full bg-line" />}
    </Tile>
  ));
}

function LoadTiles({ load, statistics }: { load: Load; statistics: Statistics | null }) {
  const { active, slots } = slotsOf(load.workers);
  const { level, waitMs } = depthOf(load, statistics);
  const workers = load.workers.length;
  return (
    <>
      <Tile
        name="Active sandboxes"
        value={`${count(active)} of ${count(slots)}`}
        note={workers === 1 ? 'slots, on one worker' : `slots, on ${count(workers)} workers`}
        tone={slots === 0 ? 'bad' : undefined}
      >
        <Bar
          label="Slots in use"
          value={share(active, slots) ?? 0}
          text={`${count(active)} of ${count(slots)} slots`}
          warnAt={2}
          badAt={2}
        />
      </Tile>
      <Tile
        name="Queue depth"
        value={count(load.waiting)}
        note={
          load.waiting === 0
            ? 'nothing waits'
            : level !== 'fine' && waitMs !== null
              ? `waiting, about ${about(waitMs)}`
              : 'waiting'
        }
        hint="Submissions that wait for a worker, and how long that takes at the rate of the latest minute"
        tone={level === 'deep' ? 'bad' : level === 'busy' ? 'warn' : undefined}
      />
    </>
  );
}

function HostTiles({ workers }: { workers: readonly WorkerLoad[] }) {
  const hosts = hostsOf(workers);
  if (hosts.known === 0) return null;
  const memory = share(hosts.memoryUsedKb, hosts.memoryTotalKb);
  return (
    <>
      <Tile name="Host CPU" value={percent(hosts.cpuUsed)} note={`of ${count(hosts.processors)} processors`}>
        <Bar label="Host CPU in use" value={hosts.cpuUsed ?? 0} text={percent(hosts.cpuUsed)} />
      </Tile>
      <Tile
        name="Host memory"
        value={percent(memory)}
        note={
          hosts.memoryTotalKb > 0 ? `${kilobytes(hosts.memoryUsedKb)} of ${kilobytes(hosts.memoryTotalKb)}` : 'not told'
        }
      >
        <Bar label="Host memory in use" value={memory ?? 0} text={percent(memory)} />
      </Tile>
    </>
  );
}

function StatisticsTiles({ statistics }: { statistics: Statistics }) {
  const rates = ratesOf(statistics.totals.by_status);
  const { run } = statistics.latency_ms;
  const average = meanPerMinute(statistics, (bucket) => bucket.finished);
  return (
    <>
      <Tile
        name="Throughput"
        value={`${count(latestPerMinute(statistics))} / min`}
        note={average === null ? 'nothing finished' : `${count(average)} / min on average`}
        hint="Finished in the latest minute, beside the average of the window"
      />
      <Tile
        name="Service errors"
        value={count(rates.internal)}
        note={
          rates.finished > 0
            ? `${percent(share(rates.internal, rates.finished))} of ${count(rates.finished)} finished`
            : 'nothing finished'
        }
        hint="Internal errors: a fault of the service, never of the program"
        tone={rates.internal > 0 ? 'bad' : undefined}
      />
      <Tile
        name="Programs that failed"
        value={percent(share(rates.program, rates.finished))}
        note={rates.finished > 0 ? `${count(rates.program)} of ${count(rates.finished)} finished` : 'nothing finished'}
        hint="Wrong answer, error, limit, security violation or cancelled: the program’s doing, not the service’s"
      />
      <Tile
        name="Run time, p95"
        value={duration(run?.p95)}
        note={run ? `median ${duration(run.p50)}` : 'nothing ran'}
      />
    </>
  );
}

export function Tiles({
  load,
  statistics,
  isStale,
}: {
  load: Answer<Load>;
  statistics: Answer<Statistics>;
  isStale: boolean;
}) {
  const [now, past] = [load.data, statistics.data];
  const isLoading = now === null && load.error === null;
  return (
    <dl
      aria-label="Figures"
      className={cx(
        'grid grid-cols-2 gap-3 sm:grid-cols-4 min-[88rem]:auto-cols-fr min-[88rem]:grid-flow-col min-[88rem]:grid-cols-none',
        isStale && 'is-stale',
      )}
    >
      <CardBoundary data={now}>{now && <LoadTiles load={now} statistics={past} />}</CardBoundary>
      {isLoading && <Waiting names={['Active sandboxes', 'Queue depth']} hasBar />}
      <CardBoundary data={past}>{past && <StatisticsTiles statistics={past} />}</CardBoundary>
      {past === null && statistics.error === null && (
        <Waiting names={['Throughput', 'Service errors', 'Programs that failed', 'Run time, p95']} />
      )}
      <CardBoundary data={now}>{now && <HostTiles workers={now.workers} />}</CardBoundary>
      {isLoading && <Waiting names={['Host CPU', 'Host memory']} hasBar />}
    </dl>
  );
}
