// SPDX-License-Identifier: MIT
import { SquareTerminal } from 'lucide-react';
import { lazy, Suspense, useEffect } from 'react';
import { useRun } from '../run/run';

const AGAIN_AFTER_MS = 2000;

/** Until it is there: a run that begins while the server is gone is still to be shown when it is back. */
async function load(): Promise<typeof import('./RunView')> {
  for (;;) {
    try {
      return await import('./RunView');
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
    }
  }
}
const RunView = lazy(load);

const KEY = 'rounded border border-line bg-raised px-1.5 py-0.5 font-mono text-[12px] text-ink';

function isApple(): boolean {
  return typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent);
}

function Hint() {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-3 p-6 text-center text-[13px] text-muted">
      <SquareTerminal size={28} strokeWidth={1.5} aria-hidden="true" className="opacity-60" />
      <p>
        <span className="hidden pointer-coarse:inline">Press Run to run it.</span>
        <span className="pointer-coarse:hidden">
          Press <kbd className={KEY}>{isApple() ? '⌘' : 'Ctrl'}</kbd> <kbd className={KEY}>Enter</kbd> to run it.
        </span>{' '}
        What it prints appears here.
      </p>
    </div>
  );
}

/** Everything about the run that is shown. What draws it is fetched right after the first sight, to be at hand. */
export function Results() {
  const isIdle = useRun((run) => run.phase === 'idle');

  useEffect(() => void load(), []);

  if (isIdle) return <Hint />;
  return (
    <Suspense fallback={<div aria-busy="true" className="flex-1" />}>
      <RunView />
    </Suspense>
  );
}
