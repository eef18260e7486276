// SPDX-License-Identifier: MIT
/** What the server said against one of the cases. */
import { useEffect } from 'react';
import { ApiProblem } from '../api/client';
import { complaintOf } from '../api/problems';
import type { CaseDraft } from '../draft/workspace';
import { useRun } from '../run/run';

export interface Refusal {
  key: string;
  /** As the server names it. */
  part: string;
  text: string;
  error: ApiProblem;
}

/** What the server said against a case, as long as it stands as it was sent. */
export function useRefusal(cases: readonly CaseDraft[]): Refusal | null {
  const error = useRun((run) => run.error);
  const sent = useRun((run) => run.request?.test_cases);
  if (!(error instanceof ApiProblem)) return null;
  const [, index = '', part = ''] = /^test_cases\[(\d+)\]\.?(\w*)/.exec(error.problem.field ?? '') ?? [];
  const one = cases[Number(index || Number.NaN)];
  const was = sent?.[Number(index)];
  if (!one || !was) return null;
  if (one.name !== (was.name ?? '') || one.stdin !== was.stdin || one.expected !== was.expected_output) return null;
  return { key: one.key, part, text: complaintOf(error).text, error };
}

/** Each leads to its case once. */
const shown = new WeakSet<ApiProblem>();

/** Calls with the key of a case that was refused, when that is news. */
export function useNewRefusal(refusal: Refusal | null, onRefused: (key: string) => void): void {
  const [refused, error] = [refusal?.key, refusal?.error];
  useEffect(() => {
    if (!refused || !error || shown.has(error)) return;
    shown.add(error);
    onRefused(refused);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [refused, error]);
}
