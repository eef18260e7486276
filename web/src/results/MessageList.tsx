// SPDX-License-Identifier: MIT
import { CircleX, Info, TriangleAlert } from 'lucide-react';
import type { CompileMessage } from '../editor/markers';
import { revealLine } from '../editor/reveal';
import { plural } from '../lib/format';
import { shownName } from '../lib/visible';
import { cx } from '../ui/cx';

const ICONS = { error: CircleX, warning: TriangleAlert, info: Info };
const TONES = { error: 'text-bad', warning: 'text-warn', info: 'text-info' };
const SAID = { error: 'Error', warning: 'Warning', info: 'Note' };

/** "2 errors, 1 warning". */
export function summaryOf(messages: readonly CompileMessage[]): string {
  const count = (severity: CompileMessage['severity']) =>
    messages.filter((message) => message.severity === severity).length;
  const [errors, warnings, notes] = [count('error'), count('warning'), count('info')];
  return [
    errors > 0 && plural(errors, 'error'),
    warnings > 0 && plural(warnings, 'warning'),
    notes > 0 && plural(notes, 'note'),
  ]
    .filter(Boolean)
    .join(', ');
}

/** What was said about lines; a click goes there. */
export function MessageList({ messages }: { messages: readonly CompileMessage[] }) {
  return (
    <ul aria-label="Messages about lines" className="max-h-[30dvh] shrink-0 overflow-y-auto border-b border-line py-1">
      {messages.map((message, index) => {
        const Icon = ICONS[message.severity];
        return (
          <li key={index}>
            <button
              type="button"
              className="flex w-full items-start gap-2 px-3 py-1 text-left text-[12.5px] -outline-offset-2 hover:bg-raised"
              onClick={() => revealLine(message.file, message.line)}
            >
              <Icon
                size={14}
                role="img"
                aria-label={SAID[message.severity]}
                className={cx('mt-0.5 shrink-0', TONES[message.severity])}
              />
              <span className="min-w-0 flex-1 break-words">{shownName(message.text)}</span>
              <span className="shrink-0 font-mono text-[12px] text-muted">
                {shownName(message.file)}:{message.line}
                {message.column !== null && `:${message.column}`}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
