// SPDX-License-Identifier: MIT
/**
 * Follows one submission to its end: by WebSocket; where that does not come about or breaks again and again, by
 * server-sent events; where neither does, by asking. What was seen is never told twice, and nothing is left out: each
 * message carries a position, and who comes back says where it was.
 *
 * Theory of operation. One loop lives as long as the following does. It goes one way until that ends, and then asks the
 * server for the job: only that answer tells a refused way (a proxy that knows no WebSocket) from a submission that is
 * not there, a key that is wrong, or a server that is gone. A server that does not answer is waited for, and is no
 * reason to choose another way. When the job turns out to be over, its stored result brings what was missed: `Told`
 * knows how many bytes of each output went out.
 */
import { ApiProblem, readJob } from './client';
import { browserWires, type Wires } from './follow/wires';
import { Told } from './follow/told';
import { followBySocket } from './follow/socket';
import { followByEvents } from './follow/events';
import { followByAsking } from './follow/asking';
import { Pauses } from './follow/pauses';
import { isOver, type CaseResult, type Job, type Status } from './types';

export { Told };

export type Transport = 'websocket' | 'sse' | 'polling';

export type Message =
  | { type: 'state'; status: Status; at: string; attempt: number; input_lost?: boolean; position: string }
  | { type: 'compile_output' | 'stdout' | 'stderr'; data: string; data_encoding: 'utf-8' | 'base64'; position: string }
  | ({ type: 'case'; position: string } & CaseResult)
  | { type: 'restart'; attempt?: number; position: string }
  | ({ type: 'result'; position: string } & Job)
  | { type: 'error'; code: string; detail: string };

export interface Listener {
  onMessage(message: Message): void;
  /** Which way is used now; `null` while there is none and it is tried again. */
  onTransport(transport: Transport | null): void;
  /** There is no way to go on (404, 401...): nothing more comes. */
  onFailure(error: unknown): void;
}

export interface Following {
  /** Only a WebSocket carries input: false, if it did not. */
  sendInput(data: string): boolean;
  endInput(): boolean;
  /** Ends it; nothing is told any more. */
  close(): void;
}

/** over: the result was told. refused: this way does not lead there. broken: it did, and was lost. */
export type Ending = 'over' | 'refused' | 'broken';

/** What each way is given. */
export interface Errand {
  id: string;
  told: Told;
  wires: Wires;
  signal: AbortSignal;
  onOpen(): void;
}

const NEXT: Record<Transport, Transport> = { websocket: 'sse', sse: 'polling', polling: 'polling' };

/** So often may a way break without having told anything new. */
const BREAKS_MAX = 3;

/** Answers after which asking again is of no use. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof ApiProblem)) return false;
  const { status } = error.problem;
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

export function follow(id: string, listener: Listener, wires: Wires = browserWires): Following {
  const ending = new AbortController();
  const { signal } = ending;
  const pauses = new Pauses(wires, signal);
  const told = new Told((message) => {
    if (!signal.aborted) listener.onMessage(message);
  });
  let send: ((text: string) => boolean) | null = null;
  let shown: Transport | null | undefined;

  function show(transport: Transport | null): void {
    if (signal.aborted || shown === transport) return;
    shown = transport;
    listener.onTransport(transport);
  }

  /** The job, however long it takes; null, if that is given up. */
  async function ask(): Promise<{ job: Job; hadToWait: boolean } | null> {
    for (let hadToWait = false; !signal.aborted; hadToWait = true) {
      try {
        return { job: await readJob(id, signal), hadToWait };
      } catch (error) {
        if (signal.aborted) return null;
        if (isFinal(error)) {
          listener.onFailure(error);
          return null;
        }
        show(null);
        const after = error instanceof ApiProblem ? error.retryAfter : null;
        await (after === null ? pauses.longer() : pauses.of(after * 1000));
      }
    }
    return null;
  }

  async function go(transport: Transport): Promise<Ending> {
    const errand: Errand = { id, told, wires, signal, onOpen: () => show(transport) };
    if (transport === 'polling') return followByAsking(errand);
    if (transport === 'sse') return followByEvents(errand);
    return followBySocket(errand, (way) => {
      send = way;
    });
  }

  async function run(): Promise<void> {
    let transport: Transport = 'websocket';
    let breaks = 0;
    while (!signal.aborted) {
      const before = told.count;
      const how = await go(transport);
      send = null;
      if (signal.aborted || how === 'over') return;
      if (how === 'broken') show(null);
      const answer = await ask();
      if (!answer) return;
      if (isOver(answer.job.status)) {
        told.tellEnd(answer.job);
        return;
      }
      breaks = told.count > before ? 0 : breaks + 1;
      if (answer.hadToWait) {
        // The server was away, which says nothing about the ways that lead to it.
        transport = 'websocket';
        breaks = 0;
      } else if (how === 'refused' || breaks >= BREAKS_MAX) {
        transport = NEXT[transport];
        breaks = 0;
        pauses.reset();
        continue;
      }
      if (breaks === 0) pauses.reset();
      await pauses.longer();
    }
  }

  void run().catch((error: unknown) => {
    if (!signal.aborted) listener.onFailure(error);
  });

  return {
    sendInput: (data) => send?.(JSON.stringify({ type: 'stdin', data })) ?? false,
    endInput: () => send?.(JSON.stringify({ type: 'stdin_end' })) ?? false,
    close: () => ending.abort(),
  };
}
