// SPDX-License-Identifier: MIT
import type { ReactNode } from 'react';
import type { Statistics, WorkerLoad } from '../api/statistics';
import type { Load } from '../api/types';
import { cx } from '../ui/cx';
import { Bar } from './Bar';
import { CardBoundary } from './CardBoundary';
import { hostsOf, slotsOf } from './fleet';
import { kilobytes } from '../lib/format';
import { count, duration, percent } from './format';
import { meanPerMinute } from './series';
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
      <dt className="truncate text-[12px] text-muted">{name}</dt>
      <dd className="flex flex-1 flex-col">
        <span
          className={cx(
            'truncate text-[22px] leading-8 font-semibold tracking-tight tabular-nums',
            tone === 'bad' && 'text-bad',
            tone === 'warn' && 'text-warn',
          )}
        >
          {value}
        </span>
        <span className="truncate text-[12px] text-muted tabular-nums" title={hint ?? note}>
          {note}
        </span>
        {children && <span className="mt-1.5 block">{children}</span>}
      </dd>
    </div>
  );
}

function LoadTiles({ load }: { load: Load }) {
  const { active, slots } = slotsOf(load.workers);
  const count1 = load.workers.length;
  return (
    <>
      <Tile
        name="Active sandboxes"
        value={`${count(active)} of ${count(slots)}`}
        note={count1 === 1 ? 'slots of one worker' : `slots of ${count(count1)} workers`}
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
        note={load.waiting === 1 ? 'submission waits' : 'submissions wait'}
        tone={slots > 0 && load.waiting > slots * 50 ? 'warn' : undefined}
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
  const accepted = meanPerMinute(statistics, (bucket) => bucket.accepted);
  return (
    <>
      <Tile
        name="Throughput"
        value={count(meanPerMinute(statistics, (bucket) => bucket.finished))}
        note="finished a minute"
        hint={`${count(accepted)} accepted a minute`}
      />
      <Tile
        name="Error rate"
        value={percent(share(rates.internal, rates.finished))}
        note={`${count(rates.internal)} by the service`}
        hint="Ended with an internal error: a fault of the service, not of the program"
        tone={rates.internal > 0 ? 'bad' : undefined}
      />
      <Tile
        name="Not successful"
        value={percent(share(rates.program, rates.finished))}
        note={rates.finished > 0 ? `${count(rates.program)} of ${count(rates.finished)}` : 'nothing finished'}
        hint="Wrong, failed, over a limit, blocked or cancelled: what programs do"
      />
      <Tile
        name="Run time, p95"
        value={duration(run?.p95)}
        note={run ? `half within ${duration(run.p50)}` : 'nothing ran'}
      />
    </>
  );
}

export function Tiles({
  load,
  statistics,
  isStale,
}: {
  load: Load | null;
  statistics: Statistics | null;
  isStale: boolean;
}) {
  return (
    <dl
      aria-label="Figures"
      className={cx(
        'grid grid-cols-2 gap-3 sm:grid-cols-4 xl:auto-cols-fr xl:grid-flow-col xl:grid-cols-none',
        isStale && 'is-stale',
      )}
    >
      <CardBoundary data={load}>{load && <LoadTiles load={load} />}</CardBoundary>
      <CardBoundary data={statistics}>{statistics && <StatisticsTiles statistics={statistics} />}</CardBoundary>
      <CardBoundary data={load}>{load && <HostTiles workers={load.workers} />}</CardBoundary>
    </dl>
  );
}
