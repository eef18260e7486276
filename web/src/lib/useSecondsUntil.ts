// SPDX-License-Identifier: MIT
import { useEffect, useState } from 'react';

/** Whole seconds until then, of performance.now(), counted down. */
export function useSecondsUntil(at: number | null): number | null {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    if (at === null) return;
    setNow(performance.now());
    const timer = setInterval(() => setNow(performance.now()), 250);
    return () => clearInterval(timer);
  }, [at]);
  return at === null ? null : Math.max(0, Math.ceil((at - now) / 1000));
}
