// SPDX-License-Identifier: MIT
import { useMemo } from 'react';
import type { CompileMessage } from '../editor/markers';
import { parseCompileMessages } from '../results/compileMessages';
import { useRun } from './run';
import { useWorkspace } from './workspace';

const NONE: CompileMessage[] = [];

/** More than this is not read for messages: those that matter come first, a traceback last. */
const READ_MAX = 256 * 1024;

/** What the latest run said about lines, as long as its language is the one that is shown. */
export function useCompileMessages(): CompileMessage[] {
  const phase = useRun((run) => run.phase);
  const job = useRun((run) => run.job);
  const language = useRun((run) => run.request?.language ?? null);
  const shown = useWorkspace((state) => state.language);
  return useMemo(() => {
    if (phase !== 'over' || !job || language === null || language !== shown) return NONE;
    let text = '';
    for (const { stream, text: piece } of useRun.getState().chunks) {
      if (stream !== 'stdout') text = (text + piece).slice(-READ_MAX);
    }
    const messages = text ? parseCompileMessages(text, language) : NONE;
    return messages;
  }, [phase, job, language, shown]);
}
