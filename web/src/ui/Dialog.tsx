// SPDX-License-Identifier: MIT
import { X } from 'lucide-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { IconButton } from './Button';
import { cx } from './cx';

/** The browser's own modal dialog: it keeps the focus inside, Escape closes it, and focus goes back to where it was. */
export function Dialog({
  title,
  isOpen,
  onClose,
  side = false,
  children,
}: {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** Along the right edge, in full height. */
  side?: boolean;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const element = dialog.current;
    if (!element) return;
    if (isOpen && !element.open) {
      element.showModal();
      // By itself the browser takes what comes first, which is the button that closes it.
      element.querySelector<HTMLElement>('[data-initial-focus]')?.focus();
    }
    if (!isOpen && element.open) element.close();
  }, [isOpen]);

  return (
    // A click beside it and Escape close a modal dialog; both reach the element itself.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
      className={cx(
        'border border-line bg-surface p-0 text-ink backdrop:bg-black/60',
        side
          ? 'mr-0 ml-auto h-full max-h-none w-full max-w-md border-y-0 border-r-0'
          : 'm-auto w-full max-w-lg rounded-xl shadow-2xl',
      )}
    >
      {isOpen && (
        <div className="flex h-full max-h-dvh flex-col">
          <div className="flex items-center border-b border-line py-2 pr-2 pl-4">
            <h2 className="flex-1 text-[15px] font-semibold">{title}</h2>
            <IconButton label="Close" icon={<X size={16} />} onClick={onClose} />
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
        </div>
      )}
    </dialog>
  );
}
