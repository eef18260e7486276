// SPDX-License-Identifier: MIT
import { useId, useLayoutEffect, useRef } from 'react';
import { cx } from '../ui/cx';

const TALLEST = 240;

/** As high as its text, within reason. */
export function GrowingText({
  label,
  value,
  problem = null,
  isName = false,
  placeholder,
  onChange,
}: {
  label: string;
  value: string;
  /** Why the server did not take it. */
  problem?: string | null;
  /** One paragraph, and not code. */
  isName?: boolean;
  placeholder?: string;
  onChange: (value: string) => void;
}) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(TALLEST, element.scrollHeight + 2)}px`;
  }, [value]);
  return (
    <div className={cx('min-w-0', isName && 'flex-1')}>
      <textarea
        ref={field}
        aria-label={label}
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : id}
        value={value}
        rows={isName ? 1 : 3}
        placeholder={placeholder}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        className={cx(
          'block w-full resize-none rounded-md border border-edge bg-sunken px-2 text-[12.5px] leading-[18px] text-ink hover:border-muted aria-invalid:border-bad',
          isName ? 'py-1 font-semibold break-words placeholder:text-ink' : 'case-text py-1.5 font-mono',
        )}
        onKeyDown={(event) => isName && event.key === 'Enter' && event.preventDefault()}
        onChange={(event) => onChange(event.target.value)}
      />
      {problem !== null && (
        <p id={id} className="pt-0.5 text-[12px] text-bad">
          {problem}
        </p>
      )}
    </div>
  );
}
