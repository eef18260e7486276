// SPDX-License-Identifier: MIT
import { CornerDownLeft } from 'lucide-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { languageOf, useLanguages } from '../api/languages';
import { useSecondsUntil } from '../lib/useSecondsUntil';
import { useFocusLeftToRun } from '../playground/toolbar/useFocusLeftToRun';
import { Button } from '../ui/Button';
import { cx } from '../ui/cx';
import { useRun } from './run';

const REMEMBERED_MAX = 100;

/** Where one types while an interactive program runs. */
export function InputLine() {
  const isInteractive = useRun((run) => run.phase === 'following' && run.request?.interactive === true);
  const id = useRun((run) => run.id);
  const attempt = useRun((run) => Math.max(1, run.attempt));
  if (!isInteractive) return null;
  // Each execution begins with an empty line, and an input that has not ended.
  return <Line key={`${id}.${attempt}`} isAgain={attempt > 1} />;
}

const HURRY_S = 10;

/** performance.now() at which the time limit ends the program; null: it has not begun, or has no limit that is known. */
function useEnd(): number | null {
  const ranAt = useRun((run) => run.ranAt);
  const request = useRun((run) => run.request);
  const language = useLanguages(({ languages }) => languageOf(languages, request?.language ?? null));
  const limit = request?.time_limit_ms ?? language?.limits?.time_limit_ms;
  return ranAt === null || limit === undefined ? null : ranAt + limit;
}

function TimeLeft({ at }: { at: number }) {
  const seconds = useSecondsUntil(at) ?? 0;
  return (
    <p
      role="timer"
      title="The time limit ends the program; a longer one can be set under Limits"
      className={cx('shrink-0 px-1 text-[12px] tabular-nums', seconds <= HURRY_S ? 'text-warn' : 'text-muted')}
    >
      {seconds} s left
    </p>
  );
}

function Line({ isAgain }: { isAgain: boolean }) {
  const line = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const { sendInput, endInput } = useRun.getState();
  const transport = useRun((run) => run.transport);
  const endsAt = useEnd();
  const isInputLost = useRun((run) => run.isInputLost);
  const isInDoubt = useRun((run) => run.isInputInDoubt);
  const [isBegun, setBegun] = useState(false);
  const [text, setText] = useState('');
  const [isEnded, setEnded] = useState(false);
  const [isRefused, setRefused] = useState(false);
  const [earlier, setEarlier] = useState<string[]>([]);
  const [at, setAt] = useState(0);
  const canSend = transport === 'websocket' && !isEnded;

  useFocusLeftToRun(line);
  useEffect(() => field.current?.focus(), []);

  function send() {
    if (isEnded) return;
    if (!sendInput(`${text}\n`)) return setRefused(true);
    setRefused(false);
    setBegun(true);
    const lines = text && text !== earlier.at(-1) ? [...earlier, text].slice(-REMEMBERED_MAX) : earlier;
    setEarlier(lines);
    setAt(lines.length);
    setText('');
  }

  function end() {
    if (isEnded) return;
    if (text && !sendInput(text)) return setRefused(true);
    if (!endInput()) return setRefused(true);
    setText('');
    setEnded(true);
  }

  function recall(event: KeyboardEvent, to: number) {
    if (to < 0 || to > earlier.length) return;
    event.preventDefault();
    setAt(to);
    setText(earlier[to] ?? '');
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'd' && event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      end();
    } else if (event.key === 'ArrowUp') recall(event, at - 1);
    else if (event.key === 'ArrowDown') recall(event, at + 1);
  }

  function noteOf(): string | null {
    if (isEnded) return 'You ended the input.';
    if (isRefused || transport === 'sse' || transport === 'polling') {
      return 'Not sent: there is no live connection to the program.';
    }
    if (isInputLost) return 'The program missed some of what you typed.';
    if (isAgain && !isBegun) return 'The program was started again: type its input once more.';
    if (isInDoubt) {
      return 'The connection broke just after you typed: the program may have missed the last of it.';
    }
    return null;
  }

  const note = noteOf();
  return (
    <div ref={line} className="border-t border-line bg-sunken">
      {note && (
        <p role="status" className="px-4 pt-2 text-[12px] text-muted">
          {note}
        </p>
      )}
      <div className="flex flex-wrap items-center justify-end gap-2 px-3 py-2">
        <span aria-hidden="true" className="pl-1 font-mono text-accent">
          ›
        </span>
        <input
          ref={field}
          aria-label="Type input for the program. Enter sends it, Control D ends the input."
          value={text}
          readOnly={isEnded}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          enterKeyHint="send"
          placeholder={isEnded ? '' : 'Type a line, then Enter'}
          className="h-8 min-w-60 flex-1 rounded-md border border-edge bg-surface px-2 font-mono text-[13px] text-ink -outline-offset-2 placeholder:text-muted disabled:opacity-50"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {endsAt !== null && <TimeLeft at={endsAt} />}
        <Button
          className="h-7"
          title="Send the line (Enter)"
          aria-disabled={!canSend}
          icon={<CornerDownLeft size={13} aria-hidden="true" />}
          onClick={send}
        >
          Send
        </Button>
        <Button className="h-7" title="End of input (Ctrl+D)" aria-disabled={!canSend} onClick={end}>
          End of input
        </Button>
      </div>
    </div>
  );
}
