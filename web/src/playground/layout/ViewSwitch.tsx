// SPDX-License-Identifier: MIT
import { Code2, SquareTerminal, TextCursorInput } from 'lucide-react';
import type { ReactNode } from 'react';
import { isBusy, useRun } from '../../run/run';
import { cx } from '../../ui/cx';
import { useView, type View } from './view';

const VIEWS: { view: View; label: string; icon: ReactNode }[] = [
  { view: 'code', label: 'Code', icon: <Code2 size={16} aria-hidden="true" /> },
  { view: 'input', label: 'Input', icon: <TextCursorInput size={16} aria-hidden="true" /> },
  { view: 'result', label: 'Result', icon: <SquareTerminal size={16} aria-hidden="true" /> },
];

/** Of a narrow screen: what is seen of the three. */
export function ViewSwitch() {
  const { view, show } = useView();
  const busy = useRun(isBusy);
  return (
    <div
      role="group"
      aria-label="View"
      className="grid grid-cols-3 gap-1 border-t border-line bg-surface px-2 pt-1.5 pb-[max(0.375rem,env(safe-area-inset-bottom))] three-panes:hidden"
    >
      {VIEWS.map((one) => (
        <button
          key={one.view}
          type="button"
          aria-pressed={one.view === view}
          className={cx(
            'relative flex h-10 items-center justify-center gap-2 rounded-lg text-[13px] transition-colors',
            one.view === view ? 'chosen font-semibold' : 'text-muted',
          )}
          onClick={() => show(one.view)}
        >
          {one.icon}
          {one.label}
          {one.view === 'result' && busy && view !== 'result' && (
            <span aria-hidden="true" className="size-1.5 animate-pulse rounded-full bg-accent" />
          )}
        </button>
      ))}
    </div>
  );
}
