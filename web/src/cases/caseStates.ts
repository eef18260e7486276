// SPDX-License-Identifier: MIT
/** The test cases of a run as a list, whether they are over, at work or still to come. */
import type { CaseResult, Status, Submission } from '../api/types';
import { shownName } from '../lib/visible';

export interface CaseState {
  index: number;
  name: string;
  /** null: it has not begun. */
  status: Status | null;
  result: CaseResult | null;
}

const titleOf = (index: number, name: string | null | undefined): string => shownName(name) || `Test ${index + 1}`;

export function caseStates(
  request: Submission | null,
  results: readonly CaseResult[],
  status: Status | null,
): CaseState[] {
  const asked = request?.test_cases ?? [];
  const byIndex = new Map(results.map((result) => [result.index, result]));
  const count = Math.max(asked.length, ...results.map((result) => result.index + 1), 0);
  const next = Array.from({ length: count }, (_, index) => index).find((index) => !byIndex.has(index));

  return Array.from({ length: count }, (_, index) => {
    const result = byIndex.get(index) ?? null;
    const isAtWork = status === 'RUNNING' && index === next;
    return {
      index,
      name: titleOf(index, result?.name ?? asked[index]?.name),
      status: result?.status ?? (isAtWork ? 'RUNNING' : null),
      result,
    };
  });
}

/** "4 of 5 passed", and what the others did. */
export function summaryOf(states: readonly CaseState[]): string {
  const passed = states.filter((state) => state.status === 'SUCCESS').length;
  const skipped = states.filter((state) => state.status === 'CANCELLED').length;
  const open = states.filter((state) => state.status === null || state.status === 'RUNNING').length;
  const rest = [skipped > 0 && `${skipped} not run`, open > 0 && `${open} to come`].filter(Boolean);
  return [`${passed} of ${states.length} passed`, ...rest].join(', ');
}
