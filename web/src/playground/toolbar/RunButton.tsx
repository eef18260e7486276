// SPDX-License-Identifier: MIT
import { LoaderCircle, Play, Square } from 'lucide-react';
import { currentDraft, useWorkspace } from '../../draft/workspace';
import { keyName, keyShortcut } from '../../lib/keys';
import { isBusy, useRun } from '../../run/run';
import { Button } from '../../ui/Button';
import { useStart } from '../useStart';

export const RUN_BUTTON = 'run';

const labelOf = (count: number) => (count === 0 ? 'Run' : count === 1 ? 'Run 1 test' : `Run ${count} tests`);

function Face({ label }: { label: string }) {
  const [run, count, what] = label.split(' ');
  return (
    <>
      <Play size={13} fill="currentColor" aria-hidden="true" />
      <span>
        {run} {count} <span className="max-[22rem]:sr-only">{what}</span>
      </span>
      <kbd aria-hidden="true" className="ml-1 font-sans text-[11px] font-medium max-lg:hidden">
        {keyName('↵')}
      </kbd>
    </>
  );
}

/** Run, and while it runs, Stop: at the same place, in the same size. */
export function RunButton() {
  const start = useStart();
  const busy = useRun(isBusy);
  const isStopping = useRun((run) => run.isStopping);
  const stop = useRun((run) => run.stop);
  const count = useWorkspace((state) => {
    const draft = currentDraft(state);
    return draft?.isTesting ? draft.cases.length : 0;
  });
  const label = labelOf(count);

  // One button in both roles, so that it keeps the focus.
  return (
    <span className="inline-grid">
      {busy ? (
        <Button
          kind="danger"
          id={RUN_BUTTON}
          className="min-w-18 font-semibold sm:min-w-24"
          aria-disabled={isStopping}
          aria-keyshortcuts={keyShortcut('.')}
          title={`Stop (${keyName('.')})`}
          icon={
            isStopping ? (
              <LoaderCircle size={14} className="animate-spin" aria-hidden="true" />
            ) : (
              <Square size={12} fill="currentColor" aria-hidden="true" />
            )
          }
          onClick={() => void stop()}
        >
          {isStopping ? 'Stopping' : 'Stop'}
        </Button>
      ) : (
        <Button
          kind="primary"
          id={RUN_BUTTON}
          className="min-w-18 sm:min-w-24"
          disabled={start === null}
          aria-keyshortcuts={keyShortcut('Enter')}
          title={`${label} (${keyName('Enter')})`}
          onClick={() => start?.()}
        >
          <Face label={label} />
        </Button>
      )}
      {/* Stop is as wide as Run: its neighbours stay where they are. */}
      {busy && (
        <span className="invisible flex h-0 gap-1.5 px-3 text-[13px] font-semibold whitespace-nowrap">
          <Face label={label} />
        </span>
      )}
    </span>
  );
}
