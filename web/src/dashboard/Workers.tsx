// SPDX-License-Identifier: MIT
import type { WorkerLoad } from '../api/statistics';
import { cx } from '../ui/cx';
import { Bar } from './Bar';
import { memoryOf, SILENT_AFTER_MS, silenceOf, tallyOf } from './fleet';
import { kilobytes } from '../lib/format';
import { shownName } from '../lib/visible';
import { ago, count, percent } from './format';
import { Quiet } from './Notice';
import { share } from './statuses';
import { Table, TD, TH } from './Tables';

function Meter({ label, value, text }: { label: string; value: number | null; text: string }) {
  if (value === null) return <span className="text-muted">–</span>;
  return (
    <div className="flex min-w-28 items-center gap-2">
      <Bar label={label} value={value} text={text} className="flex-1" />
      <span className="w-12 text-right">{percent(value)}</span>
    </div>
  );
}

function WorkerRow({ worker, now }: { worker: WorkerLoad; now: number }) {
  const { active, slots, host } = worker;
  const name = shownName(worker.name);
  const silence = silenceOf(worker, now);
  const isSilent = silence > SILENT_AFTER_MS;
  const tally = tallyOf(worker);
  const memory = memoryOf(host);
  const memoryText = memory ? `${kilobytes(memory.usedKb)} of ${kilobytes(memory.totalKb)}` : '';
  const about = [
    name,
    worker.version && `version ${worker.version}`,
    worker.started_at && `since ${worker.started_at}`,
  ];
  return (
    <tr className="border-t border-line">
      <th
        scope="row"
        className={cx(TD, 'max-w-32 truncate text-left font-normal sm:max-w-60')}
        title={about.filter(Boolean).join(', ')}
      >
        <span
          aria-hidden="true"
          className={cx(
            'mr-2 inline-block size-2 rounded-full forced-color-adjust-none',
            isSilent ? 'bg-bad' : 'bg-good',
          )}
        />
        <span className="font-mono text-[12px]">{name}</span>
      </th>
      <td className={TD}>
        <div className="flex min-w-24 items-center gap-2">
          <Bar
            label={`Slots of ${name}`}
            value={share(active, slots) ?? 0}
            text={`${count(active)} of ${count(slots)} slots busy`}
            warnAt={2}
            badAt={2}
            className="flex-1"
          />
          <span className="w-12 text-right">
            {count(active)} / {count(slots)}
          </span>
        </div>
      </td>
      <td className={cx(TD, 'text-right', isSilent && 'font-medium text-bad')}>{ago(silence)}</td>
      <td className={cx(TD, 'hidden sm:table-cell')}>
        <Meter label={`Host CPU of ${name}`} value={host?.cpu_used ?? null} text={percent(host?.cpu_used ?? null)} />
      </td>
      <td className={cx(TD, 'hidden sm:table-cell')} title={memoryText || undefined}>
        <Meter
          label={`Host memory of ${name}`}
          value={memory && share(memory.usedKb, memory.totalKb)}
          text={memoryText}
        />
      </td>
      <td className={cx(TD, 'hidden text-right md:table-cell')}>
        {host?.load_1m?.toFixed(2) ?? '–'} on {count(host?.processors)}
      </td>
      <td className={cx(TD, 'hidden text-right md:table-cell')}>{count(tally.finished)}</td>
      <td className={cx(TD, 'hidden text-right md:table-cell', tally.internal > 0 && 'font-medium text-bad')}>
        {count(tally.internal)}
      </td>
    </tr>
  );
}

export function Workers({ workers, now }: { workers: readonly WorkerLoad[]; now: number }) {
  if (workers.length === 0) {
    return <Quiet>No worker is running. Submissions wait until one is started (sentinel-worker).</Quiet>;
  }
  const sorted = [...workers].sort((a, b) => a.name.localeCompare(b.name));
  return (
    <Table
      label="Workers"
      head={
        <>
          <th className={cx(TH, 'text-left')}>Worker</th>
          <th className={cx(TH, 'text-left')}>Slots busy</th>
          <th className={cx(TH, 'text-right')}>Last seen</th>
          <th className={cx(TH, 'hidden text-left sm:table-cell')}>Host CPU</th>
          <th className={cx(TH, 'hidden text-left sm:table-cell')}>Host memory</th>
          <th className={cx(TH, 'hidden text-right md:table-cell')}>Load on CPUs</th>
          <th
            className={cx(TH, 'hidden text-right md:table-cell')}
            title="Submissions that it finished since it started"
          >
            Finished
          </th>
          <th
            className={cx(TH, 'hidden text-right md:table-cell')}
            title="Of those, internal errors: a fault of the service"
          >
            Service errors
          </th>
        </>
      }
    >
      {sorted.map((worker) => (
        <WorkerRow key={worker.name} worker={worker} now={now} />
      ))}
    </Table>
  );
}
