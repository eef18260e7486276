// SPDX-License-Identifier: MIT
/** Who presses Tab twice may want to leave, and is told how. Gone with the next other key, or with the focus. */
import { monaco } from './monaco';

const TIMES = 2;

export function hintAtTab(editor: monaco.editor.IStandaloneCodeEditor, host: HTMLElement): void {
  const hint = document.createElement('p');
  hint.setAttribute('role', 'status');
  hint.className =
    'pointer-events-none absolute right-3 bottom-3 z-10 rounded-md border border-line bg-raised px-2 py-1 text-[12px] text-ink empty:hidden';
  host.append(hint);

  let times = 0;
  const count = (to: number) => {
    times = to;
    hint.textContent = times < TIMES ? '' : 'Tab indents. Escape, then Tab, leaves the editor.';
  };
  editor.onKeyDown(({ keyCode }) => {
    if (keyCode === monaco.KeyCode.Tab) count(times + 1);
    else if (keyCode !== monaco.KeyCode.Shift) count(0);
  });
  editor.onDidBlurEditorText(() => count(0));
}
