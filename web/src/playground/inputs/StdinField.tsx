// SPDX-License-Identifier: MIT
import { useWorkspace, type Draft } from '../workspace';

export function StdinField({ draft }: { draft: Draft }) {
  const edit = useWorkspace((state) => state.edit);
  return (
    <textarea
      aria-label="Input of the program"
      value={draft.stdin}
      spellCheck={false}
      autoCapitalize="off"
      autoComplete="off"
      placeholder={
        draft.isInteractive
          ? 'Given to the program first; what you type while it runs comes behind it.'
          : 'What the program reads from its standard input.'
      }
      className="h-full w-full flex-1 resize-none bg-transparent px-4 py-3 font-mono text-[13px] leading-5 text-ink -outline-offset-2 placeholder:text-muted"
      onChange={(event) => edit({ stdin: event.target.value })}
    />
  );
}
