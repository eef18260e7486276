// SPDX-License-Identifier: MIT
import { useEffect, useState } from 'react';
import { readTimeline } from '../api/client';
import type { Timeline } from '../api/types';
import { duration } from '../lib/format';
import { cx } from '../ui/cx';
import { Button } from '../ui/Button';

type Stage = Timeline['stages'][number];

const LOOKS: Record<Stage['stage'], { title: string; what: string; bar: string }> = {
  publish: { title: 'Publish', what: 'Handing it to the queue; part of the time in the queue', bar: 'bg-muted' },
  queue: { title: 'Queue', what: 'Waiting for a worker', bar: 'bg-warn' },
  start: { title: 'Start', what: 'The worker gets ready', bar: 'bg-info' },
  compile: { title: 'Compile', what: 'Compiling, including its sandbox', bar: 'bg-[#b48bff]' },
  run: { title: 'Run', what: 'Running the program, all tests together', bar: 'bg-accent' },
};

/** Where a stage lies in the whole, in per cent. One that is very short can still be seen. */
export function spanOf(stage: Stage, timeline: Timeline): { left: number; width: number } {
  const begun = Math.min(...timeline.stages.map((one) => Date.parse(one.from)));
  const total = Math.max(timeline.total_ms, 0.001);
  /* Date.parse() knows milliseconds, the text microseconds: enough for a place in the chart */
  const left = Math.min(99.5, Math.max(0, ((Date.parse(stage.from) - begun) / total) * 100));
  return { left, width: Math.max(0.5, Math.min(100 - left, (stage.ms / total) * 100)) };
}

/** Where the time went. A table, so that it can be read by whoever does not see the bars. */
export function TimelineChart({ timeline }: { timeline: Timeline }) {
  return (
    <div className="flex flex-col gap-3">
      <p className="text-[13px]">
        <span className="font-semibold tabular-nums">{duration(timeline.total_ms)}</span>
        <span className="text-muted"> from submission to result</span>
      </p>
      <table className="w-full border-collapse text-[12.5px]">
        <thead className="sr-only">
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">When</th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>
          {timeline.stages.map((stage, index) => {
            const look = (LOOKS as Partial<typeof LOOKS>)[stage.stage] ?? {
              title: stage.stage,
              what: stage.what,
              bar: 'bg-muted',
            };
            const { left, width } = spanOf(stage, timeline);
            const isLongest = timeline.longest === stage.stage;
            return (
              <tr key={index} className="align-top">
                <th scope="row" className="w-20 py-1.5 pr-3 text-left font-semibold">
                  {look.title}
                </th>
                <td className="py-1.5">
                  <div className="mt-1 h-2.5 rounded bg-raised">
                    <div
                      className={cx('h-full rounded forced-color-adjust-none', look.bar)}
                      style={{ marginLeft: `${left}%`, width: `${width}%` }}
                    />
                  </div>
                  <p className="mt-1 text-[12px] text-muted">{look.what}</p>
                </td>
                <td
                  className={cx(
                    'w-20 py-1.5 pl-3 text-right whitespace-nowrap tabular-nums',
                    isLongest && 'font-semibold',
                  )}
                >
                  {duration(stage.ms)}
                  {isLongest && <span className="block text-[11px] font-normal text-muted">longest</span>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {timeline.trace_id && (
        <p className="text-[12px] text-muted">
          Trace <code className="font-mono break-all">{timeline.trace_id}</code>
        </p>
      )}
    </div>
  );
}

type Loaded = { timeline: Timeline } | { error: string } | null;

export function TimelineView({ id }: { id: string }) {
  const [loaded, setLoaded] = useState<Loaded>(null);
  const [tries, setTries] = useState(0);

  useEffect(() => {
    const giveUp = new AbortController();
    setLoaded(null);
    readTimeline(id, giveUp.signal).then(
      (timeline) => setLoaded({ timeline }),
      (error: unknown) => {
        if (!giveUp.signal.aborted) setLoaded({ error: error instanceof Error ? error.message : String(error) });
      },
    );
    return () => giveUp.abort();
  }, [id, tries]);

  return (
    <div className="min-h-0 flex-1 overflow-y-auto p-3" aria-busy={loaded === null}>
      {loaded === null && <p className="text-[13px] text-muted">Loading…</p>}
      {loaded && 'error' in loaded && (
        <div role="alert" className="flex flex-wrap items-center gap-3 text-[13px]">
          <span>The timeline could not be loaded: {loaded.error}</span>
          <Button className="h-7" onClick={() => setTries(tries + 1)}>
            Try again
          </Button>
        </div>
      )}
      {loaded && 'timeline' in loaded && <TimelineChart timeline={loaded.timeline} />}
    </div>
  );
}
