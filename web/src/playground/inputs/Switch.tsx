// SPDX-License-Identifier: MIT
import { cx } from '../../ui/cx';

export function Switch({
  label,
  isOn,
  isDisabled = false,
  onChange,
}: {
  label: string;
  isOn: boolean;
  isDisabled?: boolean;
  onChange: (isOn: boolean) => void;
}) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={isOn}
      disabled={isDisabled}
      className="touch inline-flex h-8 items-center gap-2 rounded-md px-2 text-[12.5px] whitespace-nowrap text-muted hover:text-ink disabled:cursor-not-allowed disabled:opacity-50"
      onClick={() => onChange(!isOn)}
    >
      <span
        aria-hidden="true"
        className={cx(
          'switch-track inline-flex h-4 w-7 items-center rounded-full border p-px transition-colors',
          isOn ? 'border-accent bg-accent' : 'border-muted/60 bg-sunken',
        )}
      >
        <span
          className={cx(
            'size-3 rounded-full transition-transform',
            isOn ? 'translate-x-3 bg-on-accent' : 'translate-x-0 bg-muted',
          )}
        />
      </span>
      {label}
    </button>
  );
}
