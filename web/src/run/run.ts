// SPDX-License-Identifier: MIT
/** The run that is shown: what was asked for, what came, how it ended. */
import { create } from 'zustand';
import { ApiProblem, cancelJob, readJobWithRequest, submit, Unreachable } from '../api/client';
import type { Following, Message, Transport } from '../api/follow';
import { isOver, type CaseResult, type Job, type Status, type Submission } from '../api/types';
import { nextFrame } from '../lib/frames';
import { OutputText } from './output';

export type Stream = 'compile_output' | 'stdout' | 'stderr';

export interface Chunk {
  stream: Stream;
  text: string;
  /** The person typed it: the program did not print it. */
  isEcho?: boolean;
}

export interface Run {
  /** null: nothing was run yet. */
  id: string | null;
  /** What was sent, to compare results with (test cases) and to name lines in; of a shared one, what the server kept. */
  request: Submission | null;
  phase: 'idle' | 'submitting' | 'following' | 'over' | 'failed';
  status: Status | null;
  attempt: number;
  /** opening: none has come about yet; null: it was lost, and is tried again. */
  transport: Transport | 'opening' | null;
  /** In order of arrival, grown in place: `version` counts the changes. */
  chunks: Chunk[];
  version: number;
  /** Characters of output that came and are not kept, because it was too much. */
  dropped: number;
  cases: CaseResult[];
  job: Job | null;
  /** Why it could not be submitted or followed; while it is being submitted: why it was not yet. */
  error: unknown;
  /** performance.now() at which it is submitted again by itself; null: it is not. */
  retryAt: number | null;
  /** It was asked to end, and has not yet. */
  isStopping: boolean;
  /** Some of what was typed never reached the program. */
  isInputLost: boolean;
  /** The connection broke right after something was typed. */
  isInputInDoubt: boolean;
  /** performance.now() of the start, for the clock that runs. */
  begunAt: number;
  /** performance.now() at which the program itself began: its time limit counts from there; null: it has not. */
  ranAt: number | null;
}

export const NOTHING: Run = {
  id: null,
  request: null,
  phase: 'idle',
  status: null,
  attempt: 0,
  transport: 'opening',
  chunks: [],
  version: 0,
  dropped: 0,
  cases: [],
  job: null,
  error: null,
  retryAt: null,
  isStopping: false,
  isInputLost: false,
  isInputInDoubt: false,
  begunAt: 0,
  ranAt: null,
};

export interface RunStore extends Run {
  /** Waits for a server that is gone, and for one that is asked too often. Resolves when it is submitted, or is not. */
  start(request: Submission): Promise<void>;
  stop(): Promise<void>;
  sendInput(text: string): boolean;
  endInput(): boolean;
  /** Shows one that exists (history, share links), and follows it if it is not over. */
  show(id: string): Promise<void>;
  clear(): void;
}

/** The server takes at most 64 KiB a message; escapes make six characters of one. */
const INPUT_PIECE = 8192;

/** Why a run was given up: the person stopped it, and did not just turn to another. */
const STOPPED = 'stopped';

/** What was typed so shortly before a connection broke may have been lost with it. */
const INPUT_IN_DOUBT_MS = 10_000;

const RETRY_FIRST_MS = 500;
const RETRY_LONGEST_MS = 5000;

/** Not needed at first sight, so it is no part of what is loaded first; but right after, while the server is there. */
type Follower = Pick<typeof import('../api/follow'), 'follow' | 'Told'>;
let loading: Promise<Follower> | undefined;

function follower(): Promise<Follower> {
  loading ??= import('../api/follow').catch((error: unknown) => {
    loading = undefined;
    throw new Unreachable(error);
  });
  return loading;
}

if (typeof window !== 'undefined') void follower().catch(() => {});

const nothing = (): Run => ({ ...NOTHING, chunks: [], cases: [], begunAt: performance.now() });

/** After how many milliseconds it is of use to try the same again; null: never. */
function retryAfter(error: unknown, tries: number): number | null {
  const growing = Math.min(RETRY_FIRST_MS * 2 ** tries, RETRY_LONGEST_MS);
  if (error instanceof Unreachable) return growing;
  if (!(error instanceof ApiProblem)) return null;
  const { status } = error.problem;
  if (status !== 429 && status !== 502 && status !== 503 && status !== 504) return null;
  return error.retryAfter === null ? Math.max(growing, 1000) : error.retryAfter * 1000;
}

export const isBusy = (run: Pick<Run, 'phase'>): boolean => run.phase === 'submitting' || run.phase === 'following';

export const useRun = create<RunStore>()((set, get) => {
  /** Each run that is shown has its own; what belongs to another than the latest is not heard any more. */
  let giveUp = new AbortController();
  let following: Following | null = null;
  let output = new OutputText();
  let typedAt = -Infinity;
  /** It was not started here. */
  let isFound = false;

  /** Of what is told of a run that was found on its way; the clock of the server may be another. */
  const ageOf = (at: string) => (isFound ? Math.max(0, Date.now() - Date.parse(at)) : 0);

  function begin(run: Partial<Run>): AbortSignal {
    giveUp.abort();
    giveUp = new AbortController();
    following?.close();
    following = null;
    output = new OutputText();
    typedAt = -Infinity;
    isFound = run.id !== undefined;
    set({ ...nothing(), ...run });
    return giveUp.signal;
  }

  /** Waits; cut short when the network comes back. */
  function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        window.removeEventListener('online', finish);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, milliseconds);
      window.addEventListener('online', finish);
      signal.addEventListener('abort', finish);
    });
  }

  /** The answer, as soon as there is one; null: it was given up, or it failed and `error` says why. */
  async function persist<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        const answer = await request();
        return signal.aborted ? null : answer;
      } catch (error) {
        if (signal.aborted) return null;
        const wait = retryAfter(error, tries);
        if (wait === null) {
          set({ phase: 'failed', error, retryAt: null });
          return null;
        }
        set({ error, retryAt: performance.now() + wait });
        await pause(wait, signal);
      }
    }
    return null;
  }

  let pendingCases: CaseResult[] = [];
  const frame = nextFrame(() => {
    const taken = output.take();
    if (taken.length === 0 && pendingCases.length === 0 && output.dropped === get().dropped) return;
    set((state) => {
      state.chunks.push(...taken);
      const cases = pendingCases.length > 0 ? [...state.cases, ...pendingCases] : state.cases;
      pendingCases = [];
      return { cases, version: state.version + 1, dropped: output.dropped };
    });
  });

  function voidOutput(): void {
    frame.cancel();
    pendingCases = [];
    output = new OutputText();
    set((state) => ({ chunks: [], cases: [], dropped: 0, version: state.version + 1 }));
  }

  function onMessage(message: Message): void {
    switch (message.type) {
      case 'state':
        frame.flush();
        set((state) => ({
          status: message.status,
          attempt: message.attempt,
          ranAt: message.status === 'RUNNING' ? performance.now() - ageOf(message.at) : state.ranAt,
          isInputLost: state.isInputLost || message.input_lost === true,
        }));
        break;
      case 'compile_output':
      case 'stdout':
      case 'stderr':
        output.add(message.type, message.data, message.data_encoding);
        frame.request();
        break;
      case 'case': {
        pendingCases.push(message);
        frame.request();
        break;
      }
      case 'restart':
        voidOutput();
        typedAt = -Infinity;
        if (message.attempt !== undefined) set({ attempt: message.attempt });
        break;
      case 'result': {
        const job: Job = message;
        output.end();
        frame.flush();
        set((state) => ({
          job,
          phase: 'over',
          status: job.status,
          attempt: job.attempt,
          cases: job.test_cases ?? state.cases,
          isStopping: false,
          version: state.version + 1,
        }));
        break;
      }
      case 'error':
        // The only messages that are sent are input and its end.
        set({ isInputLost: true });
        break;
    }
  }

  async function followFrom(id: string, signal: AbortSignal): Promise<void> {
    const code = await persist(follower, signal);
    if (!code) return;
    set({ phase: 'following', error: null, retryAt: null });
    following = code.follow(id, {
      onMessage: (message) => {
        if (!signal.aborted) onMessage(message);
      },
      onTransport: (transport) => {
        if (signal.aborted) return;
        if (transport === null && performance.now() - typedAt < INPUT_IN_DOUBT_MS) set({ isInputInDoubt: true });
        set({ transport });
      },
      onFailure: (error) => {
        if (signal.aborted) return;
        frame.flush();
        set({ phase: 'failed', error, transport: null, isStopping: false });
      },
    });
  }

  async function cancel(id: string, signal: AbortSignal): Promise<void> {
    for (let tries = 0; !signal.aborted && get().phase === 'following'; tries++) {
      try {
        await cancelJob(id);
        return;
      } catch (error) {
        if (signal.aborted || (error instanceof ApiProblem && error.problem.code === 'already_over')) return;
        const wait = retryAfter(error, tries);
        if (wait === null) {
          set({ error, isStopping: false });
          return;
        }
        await pause(wait, signal);
      }
    }
  }

  function carry(text: string): boolean {
    if (!following) return false;
    for (let start = 0; start < text.length; start += INPUT_PIECE) {
      if (!following.sendInput(text.slice(start, start + INPUT_PIECE))) return false;
    }
    return true;
  }

  return {
    ...NOTHING,

    start: async (request) => {
      const signal = begin({ request, phase: 'submitting' });
      // Sent again after a lost answer, it must not run twice.
      const once = crypto.getRandomValues(new Uint32Array(4)).join('-');
      const receipt = await persist(async () => {
        const answer = await submit(request, once);
        // It is not known whether it was on its way already when it was stopped: so it is waited for.
        if (signal.reason === STOPPED) void cancelJob(answer.id).catch(() => {});
        return answer;
      }, signal);
      if (!receipt) return;
      set({ id: receipt.id, status: receipt.status });
      // The history tells it from others by its code.
      import('../history/known').then(({ rememberRun }) => rememberRun(receipt.id, request)).catch(() => {});
      await followFrom(receipt.id, signal);
    },

    stop: async () => {
      const { phase, id, isStopping } = get();
      if (phase === 'submitting') {
        giveUp.abort(STOPPED);
        set({ ...nothing() });
      } else if (phase === 'following' && id !== null && !isStopping) {
        set({ isStopping: true });
        await cancel(id, giveUp.signal);
      }
    },

    sendInput: (text) => {
      if (!carry(text)) return false;
      typedAt = performance.now();
      output.echo(text);
      frame.request();
      return true;
    },

    endInput: () => following?.endInput() ?? false,

    show: async (id) => {
      const signal = begin({ id, phase: 'submitting' });
      const job = await persist(() => readJobWithRequest(id, signal), signal);
      if (!job) return;
      const { request, ...rest } = job;
      set({
        request: (request as Submission | undefined) ?? null,
        status: job.status,
        attempt: job.attempt,
        error: null,
        retryAt: null,
      });
      if (!isOver(job.status)) return followFrom(id, signal);
      const code = await persist(follower, signal);
      if (code) new code.Told(onMessage).tellEnd(rest);
    },

    clear: () => {
      begin({ begunAt: 0 });
    },
  };
});
