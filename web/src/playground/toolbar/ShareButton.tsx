// SPDX-License-Identifier: MIT
import { Check, Link2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useRun } from '../../run/run';
import { Button } from '../../ui/Button';

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
    if (await import('./share').then(({ shareLink }) => shareLink(id))) setCopied(id);
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
      onClick={() => void share().catch(() => {})}
    >
      <span className="max-md:sr-only" aria-live="polite">
        {isCopied ? 'Link copied' : 'Share'}
      </span>
    </Button>
  );
}
