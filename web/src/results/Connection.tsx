// SPDX-License-Identifier: MIT
import { Radio, RefreshCw, Unplug } from 'lucide-react';
import type { Transport } from '../api/follow';
import { cx } from '../ui/cx';

/** What is shown; and, for who points at it, how it comes. */
const WAYS: Record<Transport, [words: string, how: string]> = {
  websocket: ['Live', 'Over a WebSocket'],
  sse: ['Live, over a fallback connection (SSE)', 'The WebSocket is blocked, by a proxy perhaps'],
  polling: ['Checking twice a second', 'Live connections are blocked, by a proxy perhaps'],
};
const LOST: [words: string, how: string] = ['Connection lost, trying again', 'The program goes on meanwhile'];

export const wayOf = (transport: Transport | null): [words: string, how: string] =>
  transport === null ? LOST : WAYS[transport];

/** Which way what is shown comes. */
export function Connection({ transport }: { transport: Transport | null }) {
  const Icon = transport === null ? Unplug : transport === 'polling' ? RefreshCw : Radio;
  const isWorse = transport === null || transport === 'polling';
  const [words, how] = wayOf(transport);
  return (
    <p title={how} className={cx('flex items-center gap-1.5 text-[12px]', isWorse ? 'text-warn' : 'text-muted')}>
      <Icon size={13} aria-hidden="true" className="shrink-0" />
      {words}
    </p>
  );
}
