// SPDX-License-Identifier: MIT
import { useEffect, useState } from 'react';
import type { CompileMessage } from '../editor/markers';
import { useRun } from './run';
import { useWorkspace } from './workspace';

const NONE: CompileMessage[] = [];

/** More than this is not read for messages: what a traceback says comes last. */
const READ_MAX = 256 * 1024;

function complaints(): string {
  let text = '';
  for (const { stream, text: piece } of useRun.getState().chunks) {
    if (stream !== 'stdout') text = (text + piece).slice(-READ_MAX);
  }
  return text;
}

/** What the latest run said about lines, as long as its language is the one that is shown. */
export function useCompileMessages(): CompileMessage[] {
  const job = useRun((run) => (run.phase === 'over' ? run.job : null));
  const language = useRun((run) => run.request?.language ?? null);
  const shown = useWorkspace((state) => state.language);
  const [messages, setMessages] = useState(NONE);

  useEffect(() => {
    setMessages(NONE);
    if (!job || language === null || language !== shown) return;
    const text = complaints();
    if (!text) return;
    let isLatest = true;
    import('../results/compileMessages').then(
      ({ parseCompileMessages }) => {
        if (isLatest) setMessages(parseCompileMessages(text, language));
      },
      () => {}, // without it, lines are not marked
    );
    return () => {
      isLatest = false;
    };
  }, [job, language, shown]);
  return messages;
}
