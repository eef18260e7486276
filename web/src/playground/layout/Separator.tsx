// SPDX-License-Identifier: MIT
import type { KeyboardEvent, PointerEvent } from 'react';
import { cx } from '../../ui/cx';

const STEP = 2;
const LARGE_STEP = 10;

/** The edge between two panes, by the ARIA pattern of a window splitter. `value` is per cent of the first. */
export function Separator({
  label,
  controls,
  orientation,
  value,
  min,
  max,
  usual,
  className,
  onChange,
}: {
  label: string;
  controls: string;
  /** Of the edge itself: a vertical one lies between left and right. */
  orientation: 'vertical' | 'horizontal';
  value: number;
  min: number;
  max: number;
  /** What a double click goes back to. */
  usual: number;
  className?: string;
  onChange: (value: number) => void;
}) {
  const isVertical = orientation === 'vertical';
  const set = (to: number) => onChange(Math.min(max, Math.max(min, to)));

  function onPointerMove(event: PointerEvent<HTMLDivElement>) {
    const { currentTarget } = event;
    if (!currentTarget.hasPointerCapture(event.pointerId)) return;
    const box = currentTarget.parentElement?.getBoundingClientRect();
    if (!box) return;
    set(isVertical ? ((event.clientX - box.left) / box.width) * 100 : ((event.clientY - box.top) / box.height) * 100);
  }

  function onKeyDown(event: KeyboardEvent) {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const [less, more] = isVertical ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    if (event.key === less) set(value - step);
    else if (event.key === more) set(value + step);
    else if (event.key === 'Home') set(min);
    else if (event.key === 'End') set(max);
    else if (event.key === 'Enter') set(usual);
    else return;
    event.preventDefault();
  }

  return (
    // A separator that takes the focus is a control.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      role="separator"
      aria-label={label}
      aria-controls={controls}
      aria-orientation={orientation}
      aria-valuenow={Math.round(value)}
      aria-valuemin={min}
      aria-valuemax={max}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      title="Drag or use the arrow keys to resize; double-click to reset"
      className={cx(
        'group flex touch-none items-center justify-center focus-visible:outline-hidden',
        isVertical ? 'cursor-col-resize' : 'cursor-row-resize',
        className,
      )}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
        event.currentTarget.focus({ preventScroll: true });
      }}
      onPointerMove={onPointerMove}
      onDoubleClick={() => onChange(usual)}
      onKeyDown={onKeyDown}
    >
      <span
        className={cx(
          'rounded-full bg-edge transition-colors group-hover:bg-muted group-focus-visible:bg-accent group-active:bg-accent',
          isVertical ? 'h-10 w-0.5 group-focus-visible:w-1' : 'h-0.5 w-10 group-focus-visible:h-1',
        )}
      />
    </div>
  );
}
