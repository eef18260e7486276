// SPDX-License-Identifier: MIT
/**
 * Follows one submission to its end: by WebSocket; where that does not come about or breaks again and again, by
 * server-sent events; where neither does, by asking. What was seen is never told twice, and nothing is left out: each
 * message carries a position, and who comes back says where it was.
 */
import type { CaseResult, Job, Status } from './types';

export type Transport = 'websocket' | 'sse' | 'polling';

export type Message =
  | { type: 'state'; status: Status; at: string; attempt: number; input_lost?: boolean; position: string }
  | { type: 'compile_output' | 'stdout' | 'stderr'; data: string; data_encoding: 'utf-8' | 'base64'; position: string }
  | ({ type: 'case'; position: string } & CaseResult)
  | { type: 'restart'; attempt: number; position: string }
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
