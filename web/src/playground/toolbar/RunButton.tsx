// SPDX-License-Identifier: MIT
import { LoaderCircle, Play, Square } from 'lucide-react';
import { currentDraft, useWorkspace } from '../../draft/workspace';
import { keyName, keyShortcut } from '../../lib/keys';
import { isBusy, useRun } from '../../run/run';
import { Button } from '../../ui/Button';
import { useStart } from '../useStart';

export const RUN_BUTTON = 'run';

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

  if (busy) {
    return (
      <Button
        kind="danger"
        id={RUN_BUTTON}
        className="min-w-24 font-semibold"
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
    );
  }
  const label = count === 0 ? 'Run' : count === 1 ? 'Run 1 test' : `Run ${count} tests`;
  return (
    <Button
      kind="primary"
      id={RUN_BUTTON}
      className="min-w-24"
      disabled={start === null}
      aria-keyshortcuts={keyShortcut('Enter')}
      title={`${label} (${keyName('Enter')})`}
      icon={<Play size={13} fill="currentColor" aria-hidden="true" />}
      onClick={() => start?.()}
    >
      {label}
      <kbd aria-hidden="true" className="ml-1 font-sans text-[11px] font-medium max-lg:hidden">
        {keyName('↵')}
      </kbd>
    </Button>
  );
}
