// SPDX-License-Identifier: MIT
import { Radio, RefreshCw, Unplug } from 'lucide-react';
import type { Transport } from '../api/follow';
import { cx } from '../ui/cx';

const WAYS: Record<Transport, string> = {
  websocket: 'live by WebSocket',
  sse: 'live by server-sent events',
  polling: 'by polling every half second: the live ways are blocked',
};

export const wayOf = (transport: Transport | null): string =>
  transport === null ? 'connection lost, trying again' : WAYS[transport];

/** Which way what is shown comes. */
export function Connection({ transport }: { transport: Transport | null }) {
  const Icon = transport === null ? Unplug : transport === 'polling' ? RefreshCw : Radio;
  const isWorse = transport === null || transport === 'polling';
  return (
    <p className={cx('flex items-center gap-1.5 text-[12px]', isWorse ? 'text-warn' : 'text-muted')}>
      <Icon size={13} aria-hidden="true" className="shrink-0" />
      {wayOf(transport)}
    </p>
  );
}
