// SPDX-License-Identifier: MIT
import { usePrinted } from '../app/modes';
import { currentDraft, useWorkspace } from '../draft/workspace';
import { shownName } from '../lib/visible';

function Text({ name, text }: { name: string; text: string }) {
  return (
    <div className="mb-4">
      <h2 className="text-[13px] font-semibold">{name}</h2>
      <pre className="font-mono text-[12px] leading-[18px] break-words whitespace-pre-wrap">{text}</pre>
    </div>
  );
}

/** On paper, in the place of an editor that scrolls. */
export function PrintedCode() {
  const isPrinted = usePrinted((state) => state.isPrinted);
  const draft = useWorkspace(currentDraft);
  if (!isPrinted || !draft) return null;
  return (
    <>
      {draft.tabs.map((tab) => (
        <Text key={tab.key} name={shownName(tab.name)} text={tab.content} />
      ))}
      {draft.stdin && <Text name="Input" text={draft.stdin} />}
    </>
  );
}
