// SPDX-License-Identifier: MIT
import { CircleCheck, CloudOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { probe, useConnection } from './connection';

const BACK_SHOWN_MS = 4_000;

/** The clock, told anew each second while somebody looks at it. */
function useSeconds(isWanted: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isWanted) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [isWanted]);
  return now;
}

function Gone({ isOffline, retryAt }: { isOffline: boolean; retryAt: number | null }) {
  const now = useSeconds(true);
  const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1000));
  return (
    <div className="flex items-center gap-2 bg-warn-soft px-4 py-1 text-[13px] text-warn">
      <CloudOff size={15} aria-hidden="true" className="shrink-0" />
      <p className="min-w-0 flex-1">
        {isOffline ? 'You are offline' : 'The server is not responding'}
        {/* A screen reader hears that it is tried again, not every second of it. */}
        <span className="sr-only">. Retrying automatically.</span>
        <span aria-hidden="true" className="tabular-nums">
          {retryAt === null || seconds === 0 ? '. Retrying…' : `. Retrying in ${seconds} s`}
        </span>
      </p>
      <button type="button" className="shrink-0 font-semibold underline" onClick={() => void probe()}>
        Retry now
      </button>
    </div>
  );
}

function Back({ at }: { at: number }) {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    setOver(false);
    const timer = setTimeout(() => setOver(true), BACK_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [at]);
  if (isOver) return null;
  return (
    <p className="flex items-center gap-2 bg-good-soft px-4 py-1 text-[13px] text-good">
      <CircleCheck size={15} aria-hidden="true" className="shrink-0" />
      Connected again.
    </p>
  );
}

/** A line below the header, while the server is gone and a moment after. */
export function ConnectionBanner() {
  const { state, isOffline, retryAt, backAt } = useConnection();
  return (
    <div role="status" aria-label="Connection">
      {state === 'gone' && <Gone isOffline={isOffline} retryAt={retryAt} />}
      {state === 'there' && backAt !== null && <Back at={backAt} />}
    </div>
  );
}
