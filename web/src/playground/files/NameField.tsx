// SPDX-License-Identifier: MIT
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { shownName } from '../../lib/visible';
import { cx } from '../../ui/cx';
import { meantName, problemOfName } from './names';
import { endingOf } from './newName';

export interface NameFieldProps {
  name: string;
  /** Nobody chose the name that it has. */
  isNew: boolean;
  others: string[];
  /** null: it keeps the one that it has. */
  onDone: (name: string | null) => void;
}

/** Pixels of the message. */
const WIDEST = 300;

export default function NameField({ name: before, isNew, others, onDone }: NameFieldProps) {
  const [written, setWritten] = useState(before);
  const name = meantName(written, before, isNew);
  const isDone = useRef(false);
  const field = useRef<HTMLInputElement>(null);
  const problem = problemOfName(name, others);
  const id = useId();
  const [place, setPlace] = useState({ left: 0, top: 0 });

  useLayoutEffect(() => {
    const box = field.current?.getBoundingClientRect();
    if (problem !== null && box)
      setPlace({ left: Math.max(8, Math.min(box.left, innerWidth - WIDEST - 8)), top: box.bottom + 4 });
  }, [problem]);

  function finish(value: string | null) {
    if (isDone.current) return;
    isDone.current = true;
    onDone(value);
  }

  // It grows with what is written.
  useEffect(() => {
    field.current?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
  }, [written]);

  return (
    <>
      <input
        ref={field}
        // It was asked for a moment ago, by F2 or a double click.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        aria-label={`New name of ${shownName(before)}`}
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : id}
        title="Enter to rename, Escape to cancel"
        value={written}
        spellCheck={false}
        style={{ width: `${Math.max(written.length, 6) + 3}ch` }}
        className={cx(
          'h-8 shrink-0 rounded-md border bg-sunken px-2 font-mono text-[12.5px] focus-visible:-outline-offset-2',
          problem === null ? 'border-edge' : 'border-bad outline-bad!',
        )}
        onFocus={(event) => {
          const ending = isNew ? '' : endingOf(before);
          event.target.setSelectionRange(0, before.length - ending.length);
        }}
        onChange={(event) => setWritten(event.target.value)}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Enter' && !problem) finish(name);
          else if (event.key === 'Escape') finish(null);
        }}
        // What cannot be its name stays, with the reason, until it is mended or given up.
        onBlur={() => !problem && finish(name)}
      />
      {problem !== null &&
        // The row of tabs scrolls, and would cut it off.
        createPortal(
          <p
            id={id}
            role="alert"
            style={{ ...place, maxWidth: WIDEST }}
            className="fixed z-40 rounded-md border border-bad bg-bad-soft px-2.5 py-1 text-[12.5px] text-bad shadow-lg"
          >
            {problem} <span className="text-muted">Escape keeps the old name.</span>
          </p>,
          document.body,
        )}
    </>
  );
}
