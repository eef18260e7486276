// SPDX-License-Identifier: MIT
/** Workers, hosts, languages: what is told by several answers, put together. */
import type { ByStatus, Host, Statistics, WorkerLoad } from '../api/statistics';
import type { Load } from '../api/types';
import { ratesOf, share, type Rates } from './statuses';

export interface Slots {
  active: number;
  slots: number;
}

export const slotsOf = (workers: readonly WorkerLoad[]): Slots =>
  workers.reduce((sum, { active, slots }) => ({ active: sum.active + active, slots: sum.slots + slots }), {
    active: 0,
    slots: 0,
  });

export interface Memory {
  usedKb: number;
  totalKb: number;
}

export function memoryOf(host: Host | null | undefined): Memory | null {
  const [total, available] = [host?.memory_total_kb, host?.memory_available_kb];
  if (typeof total !== 'number' || typeof available !== 'number') return null;
  return { usedKb: Math.max(0, total - available), totalKb: total };
}

export interface Hosts {
  /** Workers that tell of theirs. */
  known: number;
  processors: number;
  /** 0 to 1, each host by its processors; null: nobody knows. */
  cpuUsed: number | null;
  memoryUsedKb: number;
  memoryTotalKb: number;
}

/** Of all hosts together. A host with two workers counts twice: what it is called is not told. */
export function hostsOf(workers: readonly WorkerLoad[]): Hosts {
  const sum: Hosts = { known: 0, processors: 0, cpuUsed: null, memoryUsedKb: 0, memoryTotalKb: 0 };
  let busy = 0;
  let measured = 0;
  for (const { host } of workers) {
    if (!host) continue;
    const memory = memoryOf(host);
    const processors = host.processors ?? 1;
    sum.known++;
    sum.processors += processors;
    sum.memoryTotalKb += memory?.totalKb ?? 0;
    sum.memoryUsedKb += memory?.usedKb ?? 0;
    if (typeof host.cpu_used !== 'number') continue;
    busy += host.cpu_used * processors;
    measured += processors;
  }
  if (measured > 0) sum.cpuUsed = busy / measured;
  return sum;
}

export interface Tally {
  /** Ended by themselves or by a limit, well or not: the worker did its part. */
  finished: number;
  /** By a fault of the service. */
  internal: number;
}

/** Since the worker began. */
export function tallyOf(worker: WorkerLoad): Tally {
  const tally: Tally = { finished: 0, internal: 0 };
  for (const byStatus of Object.values(worker.counts)) {
    for (const [status, count] of Object.entries(byStatus ?? {})) {
      if (status === 'INTERNAL_ERROR') tally.internal += count;
      else tally.finished += count;
    }
  }
  return tally;
}

/** A worker tells of itself every two seconds, and the server leaves out who was not heard of for ten. */
export const SILENT_AFTER_MS = 5_000;

export const silenceOf = (worker: WorkerLoad, now: number): number =>
  Math.max(0, now - Date.parse(worker.last_seen_at));

export interface LanguageLine extends Rates {
  name: string;
  active: number;
  waiting: number;
  byStatus: ByStatus;
  successShare: number | null;
}

/** Each language that runs, waits or ended; the most used first. */
export function languagesOf(load: Load | null, statistics: Statistics | null): LanguageLine[] {
  const now = load?.languages ?? {};
  const ended = statistics?.totals.by_language ?? {};
  const lines: LanguageLine[] = [];
  for (const name of new Set([...Object.keys(now), ...Object.keys(ended)])) {
    const active = now[name]?.active ?? 0;
    const waiting = now[name]?.waiting ?? 0;
    const byStatus = ended[name]?.by_status ?? {};
    const rates = ratesOf(byStatus);
    if (active + waiting + rates.finished === 0) continue;
    lines.push({ name, active, waiting, byStatus, ...rates, successShare: share(rates.success, rates.finished) });
  }
  return lines.sort((a, b) => b.finished - a.finished || b.active - a.active || a.name.localeCompare(b.name));
}
