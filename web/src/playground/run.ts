// SPDX-License-Identifier: MIT
/** The run that is shown: what was asked for, what came, how it ended. */
import { create } from 'zustand';
import type { Following, Transport } from '../api/follow';
import type { CaseResult, Job, Status, Submission } from '../api/types';

export type Stream = 'compile_output' | 'stdout' | 'stderr';

export interface Chunk {
  stream: Stream;
  text: string;
}

export interface Run {
  /** null: nothing was run yet. */
  id: string | null;
  /** What was sent, to compare results with (test cases) and to name lines in; of a shared one, what the server kept. */
  request: Submission | null;
  phase: 'idle' | 'submitting' | 'following' | 'over' | 'failed';
  status: Status | null;
  attempt: number;
  transport: Transport | null;
  /** In order of arrival, grown in place: `version` counts the changes. */
  chunks: Chunk[];
  version: number;
  cases: CaseResult[];
  job: Job | null;
  /** Why it could not be submitted or followed. */
  error: unknown;
  /** Some of what was typed never reached the program. */
  isInputLost: boolean;
  /** performance.now() of the start, for the clock that runs. */
  begunAt: number;
}

export const NOTHING: Run = {
  id: null,
  request: null,
  phase: 'idle',
  status: null,
  attempt: 0,
  transport: null,
  chunks: [],
  version: 0,
  cases: [],
  job: null,
  error: null,
  isInputLost: false,
  begunAt: 0,
};

export interface RunStore extends Run {
  start(request: Submission): Promise<void>;
  stop(): Promise<void>;
  sendInput(text: string): boolean;
  endInput(): boolean;
  /** Shows one that exists (history, share links), and follows it if it is not over. */
  show(id: string): Promise<void>;
  clear(): void;
}

/** Replaced by the one that is complete. */
export const useRun = create<RunStore>()((set) => {
  const following: Following | null = null;
  void following;
  return {
    ...NOTHING,
    start: () => Promise.reject(new Error('not there yet')),
    stop: () => Promise.resolve(),
    sendInput: () => false,
    endInput: () => false,
    show: () => Promise.resolve(),
    clear: () => set(NOTHING),
  };
});
