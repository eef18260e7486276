// SPDX-License-Identifier: MIT
import { useEffect, useMemo, useState } from 'react';
import { languageOf, useLanguages } from '../api/languages';
import { useWorkspace, type Tab } from '../draft/workspace';
import { isSameFile, type CompileMessage } from '../editor/markers';
import { useRun } from '../run/run';

interface Said {
  messages: CompileMessage[];
  /** What stood in each file when it was said. */
  files: ReadonlyMap<string, string>;
}

const NOTHING: Said = { messages: [], files: new Map() };

/** More than this is not read for messages: what a traceback says comes last. */
const READ_MAX = 256 * 1024;

function complaints(): string {
  let text = '';
  for (const { stream, text: piece } of useRun.getState().chunks) {
    if (stream !== 'stdout') text = (text + piece).slice(-READ_MAX);
  }
  return text;
}

/** What the latest run said about lines, as long as its language is shown, and of files that are as they were. */
export function useCompileMessages(tabs: readonly Tab[]): CompileMessage[] {
  const job = useRun((run) => (run.phase === 'over' ? run.job : null));
  const ran = useRun((run) => run.request);
  const shown = useWorkspace((state) => state.language);
  const languages = useLanguages((state) => state.languages);
  const [{ messages, files }, setSaid] = useState(NOTHING);

  useEffect(() => {
    setSaid(NOTHING);
    const language = languageOf(languages, shown);
    if (!job || !ran || !language || ran.language !== shown) return;
    const text = complaints();
    if (!text) return;
    let isLatest = true;
    Promise.all([import('../results/compileMessages'), import('../results/stale')]).then(
      ([{ parseCompileMessages }, { ranFiles }]) => {
        if (isLatest) setSaid({ messages: parseCompileMessages(text, ran.language), files: ranFiles(ran, language) });
      },
      () => {}, // without it, lines are not marked
    );
    return () => {
      isLatest = false;
    };
  }, [job, ran, shown, languages]);

  return useMemo(() => {
    const isAsItWas = (tab: Tab) => files.get(tab.name) === tab.content;
    const same = messages.length > 0 ? tabs.filter(isAsItWas) : [];
    return messages.filter(({ file }) => same.some((tab) => isSameFile(file, tab.name)));
  }, [messages, files, tabs]);
}
