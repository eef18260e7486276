// SPDX-License-Identifier: MIT
/** What is written in one language: its files, its input, its tests. */
import type { CompareMode } from '../api/types';

export interface Tab {
  /** Stays the same when the file is renamed. */
  key: string;
  name: string;
  content: string;
}

export interface CaseDraft {
  key: string;
  name: string;
  stdin: string;
  expected: string;
}

/** null: the language's own. */
export interface LimitDraft {
  timeMs: number | null;
  memoryKb: number | null;
  processes: number | null;
  outputKb: number | null;
}

export const NO_LIMITS: LimitDraft = { timeMs: null, memoryKb: null, processes: null, outputKb: null };

/** All that a submission is made of, but for the language. */
export interface Draft {
  tabs: Tab[];
  activeTab: string;
  stdin: string;
  /** One a line. */
  args: string[];
  /** Input is typed while it runs. */
  isInteractive: boolean;
  limits: LimitDraft;
  /** What stands in the field of a limit and is none: nothing is run with it. */
  badLimits: Partial<Record<keyof LimitDraft, string>>;
  /** Whether the cases are run instead of the program once. */
  isTesting: boolean;
  cases: CaseDraft[];
  compare: CompareMode;
  tolerance: number;
  stopAtFirst: boolean;
  /** As it was loaded from somewhere: nobody loses anything when another one takes its place. */
  isUntouched: boolean;
  /** Id of the shared run that it began as. */
  sharedFrom?: string;
}

let keys = 0;
export const newKey = () => `${Date.now().toString(36)}-${(keys++).toString(36)}`;

export function emptyDraft(fileName: string, content: string): Draft {
  const key = newKey();
  return {
    tabs: [{ key, name: fileName, content }],
    activeTab: key,
    stdin: '',
    args: [],
    isInteractive: false,
    limits: NO_LIMITS,
    badLimits: {},
    isTesting: false,
    cases: [],
    compare: 'trailing',
    tolerance: 1e-6,
    stopAtFirst: false,
    isUntouched: false,
  };
}
