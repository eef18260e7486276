// SPDX-License-Identifier: MIT
import { Check, Link2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from '../../ui/Button';
import { useNotice } from '../notice';
import { useRun } from '../run';

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

export function ShareButton() {
  const id = useRun((run) => run.id);
  const [copied, setCopied] = useState<string | null>(null);
  const isCopied = copied !== null && copied === id;

  useEffect(() => {
    if (copied === null) return;
    const timer = setTimeout(() => setCopied(null), 2500);
    return () => clearTimeout(timer);
  }, [copied]);

  async function share() {
    if (id === null) return;
    const link = `${location.origin}/s/${encodeURIComponent(id)}`;
    if (await copy(link)) setCopied(id);
    else useNotice.getState().say(`The browser does not let the link be copied. It is ${link}`);
  }

  return (
    <Button
      kind="quiet"
      className="max-md:px-2"
      disabled={id === null}
      title={id === null ? 'Run something first, then share its code and result' : 'Copy a link to the run shown here'}
      icon={
        isCopied ? <Check size={15} className="text-good" aria-hidden="true" /> : <Link2 size={15} aria-hidden="true" />
      }
      onClick={() => void share()}
    >
      <span className="max-md:sr-only" aria-live="polite">
        {isCopied ? 'Link copied' : 'Share'}
      </span>
    </Button>
  );
}
