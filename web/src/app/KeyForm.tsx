// SPDX-License-Identifier: MIT
import { CircleAlert, CircleCheck, Eye, EyeOff } from 'lucide-react';
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { currentKey } from '../api/key';
import { Button, IconButton } from '../ui/Button';
import { Input } from '../ui/Field';
import { keepKey } from './keys';
import { tryKey, type Trial } from './tryKey';

const MAY = {
  admin: 'run programs, read everyone’s results and open the dashboard',
  read: 'read its results; most of the dashboard needs the admin scope',
  submit: 'run programs but not read their results, which needs the read scope',
} as const;

function Outcome({ trial, isKept }: { trial: Trial; isKept: boolean }) {
  const isGood = trial.outcome === 'accepted';
  const Icon = isGood ? CircleCheck : CircleAlert;
  return (
    <p className={`flex gap-2 rounded-md px-3 py-2 ${isGood ? 'bg-good-soft text-good' : 'bg-bad-soft text-bad'}`}>
      <Icon size={16} aria-hidden="true" className="mt-0.5 shrink-0" />
      <span className="min-w-0 break-words">
        {trial.outcome === 'accepted' &&
          `The key works and is saved ${isKept ? 'in this browser' : 'until you close this page'}. It can ${MAY[trial.may]}.`}
        {trial.outcome === 'refused' && `The server refused this key: ${trial.detail}`}
        {(trial.outcome === 'malformed' || trial.outcome === 'unreachable') && trial.detail}
      </span>
    </p>
  );
}

/** What the server wants of whoever comes without a key: asked once, when the dialog opens. */
function useNeed(): string {
  const [need, setNeed] = useState('');
  useEffect(() => {
    let isGone = false;
    void tryKey('').then((trial) => {
      if (isGone) return;
      if (trial.outcome === 'refused') setNeed('Nothing works here without one.');
      else if (trial.outcome === 'accepted' && trial.may === 'admin')
        setNeed('For now, you can use everything without one.');
      else if (trial.outcome === 'accepted') setNeed('It is only needed for the dashboard.');
    });
    return () => {
      isGone = true;
    };
  }, []);
  return need;
}

export default function KeyForm({ onClose }: { onClose: () => void }) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const done = useRef<HTMLButtonElement>(null);
  const need = useNeed();
  const [kept, setKept] = useState(currentKey);
  const [isLasting, setLasting] = useState(true);
  const [typed, setTyped] = useState('');
  const [isShown, setShown] = useState(false);
  const [isTrying, setTrying] = useState(false);
  const [trial, setTrial] = useState<Trial | null>(null);

  // Loaded late, it comes into a dialog that is open already.
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    if (trial?.outcome === 'accepted') done.current?.focus();
  }, [trial]);

  async function submit(event: FormEvent) {
    event.preventDefault();
    const key = typed.trim();
    if (!key || isTrying) return;
    setTrying(true);
    setTrial(null);
    const result = await tryKey(key);
    setTrying(false);
    setTrial(result);
    if (result.outcome !== 'accepted') {
      field.current?.focus();
      return;
    }
    setLasting(keepKey(key));
    setKept(key);
    setTyped('');
  }

  function forget() {
    keepKey('');
    setKept('');
    setTrial(null);
    field.current?.focus();
  }

  return (
    <form className="flex flex-col gap-4 p-4 text-[13px]" onSubmit={(event) => void submit(event)}>
      <div className="flex flex-col gap-2 text-muted">
        <p className="text-ink">
          Ask whoever runs this server for an API key. {need && <strong className="font-medium">{need}</strong>}
        </p>
        <p>Your key stays in this browser and is sent to this server only.</p>
      </div>

      {kept && (
        <div className="flex items-center gap-3 rounded-md border border-line px-3 py-2">
          <p className="min-w-0 flex-1 truncate">
            Saved key: <code className="font-mono">…{kept.slice(-4)}</code>
          </p>
          <Button kind="danger" className="h-7" onClick={forget}>
            Forget
          </Button>
        </div>
      )}

      <div className="flex flex-col gap-1">
        <label htmlFor={id} className="text-[12px] font-medium text-muted">
          {kept ? 'New key' : 'API key'}
        </label>
        <div className="flex gap-1">
          <Input
            ref={field}
            data-initial-focus
            id={id}
            className="min-w-0 flex-1 font-mono"
            type={isShown ? 'text' : 'password'}
            value={typed}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            aria-invalid={trial !== null && trial.outcome !== 'accepted'}
            aria-describedby={`${id}-outcome`}
            onChange={(event) => {
              setTyped(event.target.value);
              setTrial(null);
            }}
          />
          <IconButton
            label={isShown ? 'Hide the key' : 'Show the key'}
            aria-pressed={isShown}
            icon={isShown ? <EyeOff size={16} /> : <Eye size={16} />}
            onClick={() => setShown(!isShown)}
          />
        </div>
      </div>

      <div id={`${id}-outcome`} role="status">
        {trial && <Outcome trial={trial} isKept={isLasting} />}
      </div>

      <div className="flex justify-end gap-2">
        {trial?.outcome === 'accepted' ? (
          <button
            ref={done}
            type="button"
            className="h-8 rounded-md bg-accent px-4 font-semibold text-on-accent hover:brightness-110"
            onClick={onClose}
          >
            Done
          </button>
        ) : (
          <>
            <Button kind="quiet" onClick={onClose}>
              Cancel
            </Button>
            <Button kind="primary" type="submit" disabled={!typed.trim() || isTrying}>
              {isTrying ? 'Checking…' : 'Use this key'}
            </Button>
          </>
        )}
      </div>

      <details className="border-t border-line pt-3 text-[12px] text-muted">
        <summary className="cursor-pointer">You run this server?</summary>
        <p className="mt-2">Create a key on it; it is printed once:</p>
        <pre className="my-1.5 rounded-md border border-line bg-sunken px-3 py-2 font-mono whitespace-pre-wrap">
          sentinel-server keys create --name me --scopes submit,read
        </pre>
        <p>
          With <code className="font-mono">--scopes admin</code>, it opens the dashboard too.
        </p>
      </details>
    </form>
  );
}
