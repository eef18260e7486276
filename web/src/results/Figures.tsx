// SPDX-License-Identifier: MIT
import type { Limits } from '../api/types';
import { duration, exactDuration, kilobytes, signalName } from '../lib/format';
import { cx } from '../ui/cx';
import { Meter } from './Meter';
import './results.css';

/** What a run, its compile step and a test case measure alike. */
export interface Measured {
  exit_code?: number | null;
  signal?: number | null;
  time_used_ms?: number;
  cpu_time_ms?: number;
  memory_used_kb?: number;
}

function End({ measured, isCancelled }: { measured: Measured; isCancelled: boolean }) {
  const { exit_code: code = null, signal = null } = measured;
  // A signal that its person asked for is no fault.
  const tone = isCancelled ? 'text-muted' : code === 0 ? '' : 'text-bad';
  return (
    <div className="flex min-w-0 flex-col text-[12px]">
      <span className="text-muted">{signal !== null ? 'Signal' : 'Exit status'}</span>
      <span className={cx('font-semibold tabular-nums', tone)}>
        {signal !== null ? `${signal} ${signalName(signal)}` : (code ?? '–')}
      </span>
    </div>
  );
}

/** The figures of a run in one row, against its limits. */
export function Figures({
  measured,
  limits,
  isCancelled = false,
}: {
  measured: Measured;
  limits: Limits | null;
  isCancelled?: boolean;
}) {
  if (measured.time_used_ms === undefined) return null;
  const { time_used_ms: time, cpu_time_ms: cpu = 0, memory_used_kb: memory = 0 } = measured;
  return (
    <div className="figures">
      <End measured={measured} isCancelled={isCancelled} />
      <Meter
        label="CPU time"
        used={cpu}
        limit={limits?.cpu_time_limit_ms ?? null}
        text={duration(cpu)}
        limitText={limits && exactDuration(limits.cpu_time_limit_ms)}
      />
      <Meter
        label="Elapsed"
        used={time}
        limit={limits?.time_limit_ms ?? null}
        text={duration(time)}
        limitText={limits && exactDuration(limits.time_limit_ms)}
      />
      <Meter
        label="Memory"
        used={memory}
        limit={limits?.memory_limit_kb ?? null}
        text={kilobytes(memory)}
        limitText={limits && kilobytes(limits.memory_limit_kb)}
      />
    </div>
  );
}
