// SPDX-License-Identifier: MIT
import { Check, Copy, Download, WrapText } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { CompileMessage } from '../editor/markers';
import { saveFile } from '../lib/saveFile';
import type { Run } from '../run/run';
import { IconButton } from '../ui/Button';
import { cx } from '../ui/cx';
import { Console } from './Console';
import { contentOf, copy, plainText } from './download';
import { MessageList } from './MessageList';
import { chunksOf, hasStream, shortcomings } from './outputs';
import type { Filter, ShownChunk } from './printing';

const NAMES: Record<Filter, string> = { all: 'All', stdout: 'stdout', stderr: 'stderr', compile_output: 'Compiler' };

function FilterSwitch({
  filters,
  active,
  onChange,
}: {
  filters: Filter[];
  active: Filter;
  onChange: (filter: Filter) => void;
}) {
  return (
    <div role="group" aria-label="Show" className="flex rounded-md bg-raised p-0.5">
      {filters.map((filter) => (
        <button
          key={filter}
          type="button"
          aria-pressed={filter === active}
          className={cx(
            'h-6 rounded px-2 text-[12px] transition-colors',
            filter === active ? 'chosen bg-surface font-semibold' : 'text-muted hover:text-ink',
          )}
          onClick={() => onChange(filter)}
        >
          {NAMES[filter]}
        </button>
      ))}
    </div>
  );
}

function CopyButton({ text }: { text: () => string }) {
  const [said, setSaid] = useState<'Copied' | 'Copying failed' | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <>
      <IconButton
        label="Copy output"
        className="size-7"
        icon={said === 'Copied' ? <Check size={14} className="text-good" /> : <Copy size={14} />}
        onClick={() => void copy(text()).then((isDone) => setSaid(isDone ? 'Copied' : 'Copying failed'))}
      />
      <span role="status" className="sr-only">
        {said}
      </span>
    </>
  );
}

function nothingOf(run: Pick<Run, 'phase' | 'job'>, filter: Filter): string {
  if (run.phase !== 'over')
    return filter === 'compile_output' ? 'The compiler has printed nothing yet.' : 'Nothing printed yet.';
  if (filter === 'compile_output') return 'The compiler printed nothing.';
  if (run.job?.test_cases?.length) return 'Each test’s output is under Tests.';
  if (!run.job?.running_at) return 'The program did not run.';
  return filter === 'all' ? 'The program printed nothing.' : `Nothing on ${filter}.`;
}

export function OutputView({
  run,
  messages,
}: {
  run: Pick<Run, 'id' | 'phase' | 'job' | 'chunks' | 'version'> & { dropped?: number };
  messages: readonly CompileMessage[];
}) {
  const { job, version, phase } = run;
  const isOver = phase === 'over' || phase === 'failed';
  const chunks: readonly ShownChunk[] = chunksOf(run);
  const [wraps, setWraps] = useState(true);
  const [hasInvalid, setInvalid] = useState(false);
  const [chosen, setChosen] = useState<Filter | null>(null);
  const hasCompiler = hasStream(chunks, 'compile_output');

  const usual: Filter = job?.status === 'COMPILATION_ERROR' && hasCompiler ? 'compile_output' : 'all';
  const filters: Filter[] = ['all', 'stdout', 'stderr', ...(hasCompiler ? (['compile_output'] as const) : [])];
  const filter = chosen !== null && filters.includes(chosen) ? chosen : usual;
  const told = useMemo(
    () => shortcomings(job, filter, run.dropped ?? 0, hasInvalid),
    [job, filter, run.dropped, hasInvalid],
  );

  function download() {
    const content = contentOf(job, chunks, filter);
    const name = filter === 'all' ? 'output' : filter === 'compile_output' ? 'compiler' : filter;
    saveFile(`${name}-${(run.id ?? 'run').slice(0, 8)}.txt`, content);
  }

  return (
    <div className="flex flex-1 flex-col">
      {messages.length > 0 && <MessageList messages={messages} />}
      <div className="flex items-center gap-1 border-b border-line px-2 py-1">
        <FilterSwitch filters={filters} active={filter} onChange={setChosen} />
        <span className="flex-1" />
        <IconButton
          label="Wrap lines"
          aria-pressed={wraps}
          className={cx('size-7', wraps && 'chosen')}
          icon={<WrapText size={14} />}
          onClick={() => setWraps(!wraps)}
        />
        <CopyButton text={() => plainText(chunks, filter)} />
        <IconButton
          label="Download output"
          className="size-7"
          disabled={chunks.length === 0}
          icon={<Download size={14} />}
          onClick={download}
        />
      </div>
      {told.length > 0 && (
        <ul className="border-b border-line bg-warn-soft px-3 py-1 text-[12px] text-warn">
          {told.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      <Console
        key={`${run.id ?? ''} ${filter}`}
        label={filter === 'compile_output' ? 'Output of the compiler' : 'Output'}
        chunks={chunks}
        version={version}
        filter={filter}
        isOver={isOver}
        wraps={wraps}
        nothing={nothingOf(run, filter)}
        onInvalid={setInvalid}
      />
    </div>
  );
}
