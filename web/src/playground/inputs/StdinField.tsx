// SPDX-License-Identifier: MIT
import { useWorkspace, type Draft } from '../../draft/workspace';

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
          ? 'Sent to the program first; what you type while it runs follows.'
          : 'Standard input for the program.'
      }
      className="h-full w-full flex-1 resize-none bg-transparent px-4 py-3 font-mono text-[13px] leading-5 text-ink -outline-offset-2 placeholder:text-muted"
      onChange={(event) => edit({ stdin: event.target.value })}
    />
  );
}
