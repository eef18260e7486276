// SPDX-License-Identifier: MIT
import { LoaderCircle, Radio, RefreshCw, Unplug } from 'lucide-react';
import type { Run } from '../run/run';
import { cx } from '../ui/cx';

/** What is shown; and, for who points at it, how it comes. */
const WAYS: Record<NonNullable<Run['transport']>, [words: string, how: string]> = {
  opening: ['Connecting', 'What happens meanwhile is not missed'],
  websocket: ['Live', 'Over a WebSocket'],
  sse: ['Live, over a fallback connection (SSE)', 'The WebSocket is blocked, by a proxy perhaps'],
  polling: ['Checking twice a second', 'Live connections are blocked, by a proxy perhaps'],
};
const LOST: [words: string, how: string] = ['Connection lost, trying again', 'The program goes on meanwhile'];

export const wayOf = (transport: Run['transport']): [words: string, how: string] =>
  transport === null ? LOST : WAYS[transport];

const ICONS = { opening: LoaderCircle, websocket: Radio, sse: Radio, polling: RefreshCw };

/** Which way what is shown comes. */
export function Connection({ transport }: { transport: Run['transport'] }) {
  const Icon = transport === null ? Unplug : ICONS[transport];
  const isWorse = transport === null || transport === 'polling';
  const [words, how] = wayOf(transport);
  return (
    <p title={how} className={cx('flex items-center gap-1.5 text-[12px]', isWorse ? 'text-warn' : 'text-muted')}>
      <Icon size={13} aria-hidden="true" className="shrink-0" />
      {words}
    </p>
  );
}
