// SPDX-License-Identifier: MIT
import { Pause, Play } from 'lucide-react';
import { Button } from '../ui/Button';
import { cx } from '../ui/cx';
import { age, timeOfDay } from './format';
import { SPANS, type Span } from './windows';

export function SpanPicker({ span, onChange }: { span: Span; onChange: (span: Span) => void }) {
  return (
    <fieldset className="flex rounded-lg border border-line p-0.5">
      <legend className="sr-only">Window</legend>
      {SPANS.map((item) => (
        <label
          key={item.name}
          className={cx(
            'touch relative flex cursor-pointer items-center justify-center rounded-md px-2 py-0.5 text-[12px] whitespace-nowrap transition-colors sm:px-2.5',
            'has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-offset-1 has-[:focus-visible]:outline-accent',
            item.name === span.name ? 'chosen font-medium' : 'text-muted hover:text-ink',
          )}
        >
          <input
            type="radio"
            name="span"
            className="absolute inset-0 cursor-pointer opacity-0"
            checked={item.name === span.name}
            onChange={() => onChange(item)}
          />
          {item.label}
        </label>
      ))}
    </fieldset>
  );
}

/** Whether what is seen is of now; if not, of when. */
export function Freshness({
  mode,
  at,
  now,
}: {
  mode: 'loading' | 'live' | 'paused' | 'gone' | 'failing';
  /** Date.now() of the last answer. */
  at: number | null;
  now: number;
}) {
  const words = {
    loading: 'Loading',
    live: 'Live',
    paused: `Paused${at === null ? '' : ` at ${timeOfDay(at, true)}`}`,
    gone: at === null ? 'No figures' : `Last figures ${age(now - at)} ago`,
    failing: at === null ? 'No figures' : `Last figures ${age(now - at)} ago`,
  };
  const dot = {
    loading: 'bg-muted',
    live: 'bg-good animate-pulse',
    paused: 'bg-muted',
    gone: 'bg-warn',
    failing: 'bg-warn',
  };
  return (
    <p className="flex items-center gap-2 text-[12px] whitespace-nowrap text-muted tabular-nums">
      <span aria-hidden="true" className={cx('size-2 rounded-full forced-color-adjust-none', dot[mode])} />
      {words[mode]}
    </p>
  );
}

export function PauseButton({ isPaused, onChange }: { isPaused: boolean; onChange: (isPaused: boolean) => void }) {
  return (
    <Button
      className="h-7"
      icon={isPaused ? <Play size={13} aria-hidden="true" /> : <Pause size={13} aria-hidden="true" />}
      onClick={() => onChange(!isPaused)}
    >
      <span className="max-sm:sr-only">{isPaused ? 'Resume' : 'Pause'}</span>
    </Button>
  );
}
