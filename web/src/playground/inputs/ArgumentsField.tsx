// SPDX-License-Identifier: MIT
import { useEffect, useId, useState } from 'react';
import { useWorkspace, type Draft } from '../../draft/workspace';
import { cx } from '../../ui/cx';
import { CONTROL } from '../../ui/Field';
import { joinArguments, splitArguments } from './arguments';

const isSame = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((arg, i) => arg === b[i]);

/** White space within an argument is shown: it is easily taken for what lies between two. */
const visible = (arg: string) => arg.replaceAll(' ', '\u2423').replaceAll('\t', '\u21e5').replaceAll('\n', '\u21b5');

export function ArgumentsField({ draft }: { draft: Draft }) {
  const id = useId();
  const edit = useWorkspace((state) => state.edit);
  const [text, setText] = useState(() => joinArguments(draft.args));
  const split = splitArguments(text);

  // Another draft came in its place; what one writes oneself stays as it is written.
  useEffect(() => {
    setText((written) => (isSame(splitArguments(written).args, draft.args) ? written : joinArguments(draft.args)));
  }, [draft.args]);

  return (
    <div className="flex flex-col gap-3 overflow-y-auto p-4">
      <div className="flex flex-col gap-1.5">
        <label htmlFor={id} className="text-[12px] font-medium text-muted">
          Command-line arguments
        </label>
        <input
          id={id}
          value={text}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          placeholder="--count 3 'two words'"
          aria-describedby={`${id}-hint`}
          aria-invalid={split.open !== null}
          className={cx(CONTROL, 'font-mono')}
          onChange={(event) => {
            setText(event.target.value);
            edit({ args: splitArguments(event.target.value).args });
          }}
        />
        <p id={`${id}-hint`} className={cx('text-[12px]', split.open ? 'text-warn' : 'text-muted')}>
          {split.open
            ? `The quote ${split.open} is not closed: everything after it is one argument.`
            : 'Separated by spaces; quote an argument that contains some.'}
        </p>
      </div>
      {split.args.length > 0 && (
        <ol aria-label="Arguments passed to the program" className="flex flex-wrap gap-1.5">
          {split.args.map((arg, index) => (
            <li
              key={index}
              className="inline-flex max-w-full items-baseline gap-1.5 rounded-md border border-line bg-raised px-2 py-0.5 font-mono text-[12.5px]"
            >
              <span className="text-[11px] text-muted">{index + 1}</span>
              <span className="break-all">
                {arg === '' ? <em className="font-sans text-muted">empty</em> : visible(arg)}
              </span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
