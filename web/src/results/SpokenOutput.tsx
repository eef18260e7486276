// SPDX-License-Identifier: MIT
import { useEffect, useRef, useState } from 'react';
import { stripAnsi } from '../lib/ansi';
import { plural } from '../lib/format';
import { useRun, type Chunk } from '../run/run';

/** So long after something was printed it is said, with what came meanwhile. */
const EVERY_MS = 1000;
const LINES_MAX = 6;
const LINE_MAX = 300;
/** What is before that is not even looked at. */
const READ_MAX = 16 * 1024;

/** The last few lines, and how many were before them. */
export function spokenOf(printed: string): string {
  const lines = stripAnsi(printed.slice(-READ_MAX))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const said = lines.slice(-LINES_MAX).map((line) => line.slice(0, LINE_MAX));
  if (lines.length > said.length) said.unshift(`${plural(lines.length - said.length, 'line')} before:`);
  return said.join('\n');
}

/** What an interactive program prints, read aloud: who types has to hear what it asks for. */
export function SpokenOutput() {
  const isInteractive = useRun((run) => run.request?.interactive === true);
  const version = useRun((run) => run.version);
  const isGoingOn = useRun((run) => run.phase === 'following');
  const begunAt = useRun((run) => run.begunAt);
  /** begunAt of what was seen to go on: a run that was over already is not read aloud. */
  const seen = useRef<number | null>(null);
  const place = useRef<{ of: Chunk[]; at: number }>({ of: [], at: 0 });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [said, setSaid] = useState({ text: '', count: 0 });

  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (isGoingOn) seen.current = begunAt;
    if (!isInteractive || seen.current !== begunAt) {
      clearTimeout(timer.current);
      timer.current = undefined;
      setSaid((old) => (old.text === '' ? old : { text: '', count: old.count }));
      return;
    }
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const { chunks } = useRun.getState();
      // It is grown in place; another one is of another run, or of another attempt.
      const from = place.current.of === chunks ? place.current.at : 0;
      place.current = { of: chunks, at: chunks.length };
      const printed = chunks.slice(from).filter((chunk) => !chunk.isEcho);
      const text = spokenOf(printed.map((chunk) => chunk.text).join(''));
      if (text !== '') setSaid((old) => ({ text, count: old.count + 1 }));
    }, EVERY_MS);
  }, [isInteractive, version, isGoingOn, begunAt]);

  return (
    <div aria-live="polite" aria-label="Printed by the program" role="group" className="sr-only whitespace-pre-line">
      {/* A new element each time: the same question is asked again. */}
      <p key={said.count}>{said.text}</p>
    </div>
  );
}
