// SPDX-License-Identifier: MIT
import { useNotice } from '../../draft/notice';

/** Where the page has no right to the clipboard (it is not HTTPS, nor this machine), the old way works. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.style.cssText = 'position: fixed; opacity: 0';
    const before = document.activeElement;
    document.body.append(field);
    field.select();
    const isDone = document.execCommand('copy');
    field.remove();
    if (before instanceof HTMLElement) before.focus();
    return isDone;
  }
}

/** Whether the clipboard has it; if not, it is shown. */
export async function shareLink(id: string): Promise<boolean> {
  const link = `${location.origin}/s/${encodeURIComponent(id)}`;
  const isCopied = await copy(link);
  if (!isCopied) useNotice.getState().say(`Your browser blocked copying. The link is ${link}`);
  return isCopied;
}
