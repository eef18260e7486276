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
  /** Whether the cases are run instead of the program once. */
  isTesting: boolean;
  cases: CaseDraft[];
  compare: CompareMode;
  tolerance: number;
  stopAtFirst: boolean;
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
    limits: { timeMs: null, memoryKb: null, processes: null, outputKb: null },
    isTesting: false,
    cases: [],
    compare: 'trailing',
    tolerance: 1e-6,
    stopAtFirst: false,
  };
}
