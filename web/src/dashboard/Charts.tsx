// SPDX-License-Identifier: MIT
import { useMemo } from 'react';
import type { Statistics } from '../api/statistics';
import { Chart, type Series } from './Chart';
import { ChartCard } from './ChartCard';
import { statusTitle } from '../api/statuses';
import { count, duration, percent } from './format';
import { beginnings, latest, layersOf, meanPerMinute, perMinute, stack } from './series';
import { ratesOf, share } from './statuses';
import type { Source } from './useFigures';
import type { Span } from './windows';

interface Props {
  source: Source<Statistics>;
  span: Span;
  isStale: boolean;
  className?: string;
}

const highest = (values: (number | null)[]): number => Math.max(0, ...values.map((value) => value ?? 0));

function ThroughputPlot({ statistics, span }: { statistics: Statistics; span: Span }) {
  const { x, series } = useMemo(() => {
    const finished: Series = {
      name: 'Finished',
      color: '--accent',
      kind: 'line',
      isFilled: true,
      values: perMinute(statistics, (bucket) => bucket.finished),
    };
    const accepted: Series = {
      name: 'Accepted',
      color: '--info',
      kind: 'line',
      isDashed: true,
      values: perMinute(statistics, (bucket) => bucket.accepted),
    };
    return { x: beginnings(statistics), series: [finished, accepted] };
  }, [statistics]);
  const values = series[0]?.values ?? [];
  return (
    <Chart
      label={`Finished per minute over the last ${span.words}: now ${count(latest(values))}, at most ${count(highest(values))}.`}
      x={x}
      step={statistics.bucket_seconds}
      series={series}
      format={count}
    />
  );
}

export function ThroughputChart(props: Props) {
  return (
    <ChartCard
      {...props}
      title="Throughput"
      note="per minute"
      legend={(statistics) => [
        {
          name: 'Finished',
          color: '--accent',
          value: `${count(meanPerMinute(statistics, (b) => b.finished))} on average`,
        },
        {
          name: 'Accepted',
          color: '--info',
          value: `${count(meanPerMinute(statistics, (b) => b.accepted))} on average`,
        },
      ]}
      columns={(statistics) => [
        { name: 'Finished', cells: statistics.buckets.map((bucket) => count(bucket.finished)) },
        { name: 'Finished per minute', cells: perMinute(statistics, (bucket) => bucket.finished).map(count) },
        { name: 'Accepted', cells: statistics.buckets.map((bucket) => count(bucket.accepted)) },
      ]}
    >
      {(statistics) => <ThroughputPlot statistics={statistics} span={props.span} />}
    </ChartCard>
  );
}

function VerdictPlot({ statistics, span }: { statistics: Statistics; span: Span }) {
  const { x, series } = useMemo(() => {
    const layers = layersOf(statistics);
    const tops = stack(layers.map(({ counts }) => counts));
    // The highest is drawn first, and what is below over it.
    const drawn = layers
      .map(({ look, counts }, index): Series => ({
        name: statusTitle(look.status),
        color: look.color,
        kind: 'bars',
        values: tops[index] ?? [],
        told: counts,
      }))
      .reverse();
    return { x: beginnings(statistics), series: drawn };
  }, [statistics]);
  const rates = ratesOf(statistics.totals.by_status);
  return (
    <Chart
      label={
        `Outcomes of ${count(rates.finished)} submissions in the last ${span.words}: ` +
        `${percent(share(rates.success, rates.finished))} successful, ` +
        `${percent(share(rates.program, rates.finished))} failed programs, ` +
        `${percent(share(rates.internal, rates.finished))} service errors.`
      }
      x={x}
      step={statistics.bucket_seconds}
      series={series}
      format={count}
      isWhole
    />
  );
}

export function VerdictChart(props: Props) {
  return (
    <ChartCard
      {...props}
      title="Outcomes"
      legend={(statistics) =>
        layersOf(statistics).map(({ look }) => ({
          name: statusTitle(look.status),
          color: look.color,
          value: `${count(statistics.totals.by_status[look.status] ?? 0)}`,
        }))
      }
      columns={(statistics) =>
        layersOf(statistics).map(({ look, counts }) => ({
          name: statusTitle(look.status),
          cells: counts.map((n) => count(n)),
        }))
      }
    >
      {(statistics) => <VerdictPlot statistics={statistics} span={props.span} />}
    </ChartCard>
  );
}

function RunTimePlot({ statistics, span }: { statistics: Statistics; span: Span }) {
  const { x, series } = useMemo(() => {
    const p95: Series = {
      name: 'p95',
      color: '--status-timeout',
      kind: 'line',
      isBroad: true,
      hasGaps: true,
      values: statistics.buckets.map((bucket) => bucket.run_ms?.p95 ?? null),
    };
    const p50: Series = {
      name: 'p50',
      color: '--accent',
      kind: 'line',
      hasGaps: true,
      values: statistics.buckets.map((bucket) => bucket.run_ms?.p50 ?? null),
    };
    return { x: beginnings(statistics), series: [p95, p50] };
  }, [statistics]);
  const { run } = statistics.latency_ms;
  return (
    <Chart
      label={
        run
          ? `Run time over the last ${span.words}: half took at most ${duration(run.p50)}, 95 % at most ${duration(run.p95)}.`
          : `Nothing ran in the last ${span.words}.`
      }
      x={x}
      step={statistics.bucket_seconds}
      series={series}
      format={duration}
    />
  );
}

export function RunTimeChart(props: Props) {
  return (
    <ChartCard
      {...props}
      title="Run time"
      legend={({ latency_ms: { run } }) => [
        { name: 'p95', color: '--status-timeout', value: duration(run?.p95) },
        { name: 'p50', color: '--accent', value: duration(run?.p50) },
      ]}
      columns={({ buckets }) => [
        { name: 'p50', cells: buckets.map(({ run_ms }) => duration(run_ms?.p50)) },
        { name: 'p95', cells: buckets.map(({ run_ms }) => duration(run_ms?.p95)) },
      ]}
    >
      {(statistics) => <RunTimePlot statistics={statistics} span={props.span} />}
    </ChartCard>
  );
}
