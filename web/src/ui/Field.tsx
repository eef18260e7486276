// SPDX-License-Identifier: MIT
import { useId, type ComponentProps, type ReactNode } from 'react';
import { cx } from './cx';

export const CONTROL =
  'h-8 rounded-md border border-edge bg-sunken px-2 text-[13px] text-ink placeholder:text-muted hover:border-muted';

export function Field({
  label,
  hint,
  children,
}: {
  label: string;
  hint?: ReactNode;
  children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-[12px] font-medium text-muted">
        {label}
      </label>
      {children(id)}
      {hint && <p className="text-[12px] text-muted">{hint}</p>}
    </div>
  );
}

export const Input = ({ className, ...rest }: ComponentProps<'input'>) => (
  <input className={cx(CONTROL, className)} {...rest} />
);

export const Select = ({ className, ...rest }: ComponentProps<'select'>) => (
  <select className={cx(CONTROL, 'pr-1', className)} {...rest} />
);
