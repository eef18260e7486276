// SPDX-License-Identifier: MIT
import { RotateCcw } from 'lucide-react';
import { useState } from 'react';
import type { DeadLetters as Answer } from '../api/types';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { cx } from '../ui/cx';
import { Link } from '../ui/Link';
import { ago } from './format';
import { Quiet } from './Notice';
import { retry, shortId, type Outcome } from './retry';

type Letter = Answer['dead_letters'][number];

function Line({ letter, now, onRetry }: { letter: Letter; now: number; onRetry: (id: string) => void }) {
  const { id, at, reason } = letter;
  return (
    <li className="flex items-center gap-3 border-b border-line px-4 py-1.5 last:border-b-0">
      <div className="min-w-0 flex-1">
        <p className="flex gap-3">
          {id === null ? (
            <span className="text-muted">No submission</span>
          ) : (
            <Link
              href={`/s/${encodeURIComponent(id)}`}
              className="font-mono text-[12px] text-accent underline"
              title={id}
            >
              {shortId(id)}
            </Link>
          )}
          {at && (
            <span className="text-muted tabular-nums" title={at}>
              {ago(now - Date.parse(at))}
            </span>
          )}
        </p>
        <p className="break-words">{reason}</p>
      </div>
      {id !== null && (
        <Button
          className="h-7"
          icon={<RotateCcw size={13} />}
          aria-label={`Retry ${shortId(id)}`}
          onClick={() => onRetry(id)}
        >
          Retry
        </Button>
      )}
    </li>
  );
}

function Confirm({
  letter,
  isBusy,
  onRetry,
  onClose,
}: {
  letter: Letter | null;
  isBusy: boolean;
  onRetry: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title="Run it again?" isOpen={letter !== null} onClose={onClose}>
      {letter && (
        <div className="flex flex-col gap-3 p-4 text-[13px]">
          <p>
            Submission <code className="font-mono break-all">{letter.id}</code> was given up because:
          </p>
          <p className="rounded-md border border-line bg-sunken px-3 py-2 break-words">{letter.reason}</p>
          <p className="text-muted">
            It goes back to the queue with a fresh set of attempts. Its new result replaces the internal error.
          </p>
          <div className="flex justify-end gap-2">
            <Button kind="quiet" onClick={onClose}>
              Cancel
            </Button>
            <Button kind="primary" data-initial-focus disabled={isBusy} onClick={onRetry}>
              {isBusy ? 'Queueing…' : 'Run again'}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

export function DeadLetters({ letters, now, onChanged }: { letters: Letter[]; now: number; onChanged: () => void }) {
  const [chosen, setChosen] = useState<Letter | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);

  async function onRetry() {
    if (!chosen?.id) return;
    setBusy(true);
    const result = await retry(chosen.id);
    setBusy(false);
    setChosen(null);
    setOutcome(result);
    onChanged();
  }

  return (
    <>
      <p
        role="status"
        aria-label="Outcome of the retry"
        className={cx(
          'px-4 text-[13px]',
          outcome && 'py-1.5',
          outcome?.isGood ? 'bg-good-soft text-good' : 'bg-bad-soft text-bad',
        )}
      >
        {outcome?.text}
      </p>
      {letters.length === 0 ? (
        <Quiet>None: no submission was given up.</Quiet>
      ) : (
        <ul aria-label="Dead letters" className="max-h-80 overflow-y-auto text-[13px]">
          {letters.map((letter, index) => (
            <Line
              key={letter.id ?? `none-${index}`}
              letter={letter}
              now={now}
              onRetry={() => {
                setOutcome(null);
                setChosen(letter);
              }}
            />
          ))}
        </ul>
      )}
      <Confirm letter={chosen} isBusy={isBusy} onRetry={() => void onRetry()} onClose={() => setChosen(null)} />
    </>
  );
}
