// SPDX-License-Identifier: MIT
/** What one does to a list of test cases; each gives a new list. */
import { newKey, type CaseDraft } from '../draft/workspace';
import type { PastedCase } from './parseCases';

export const emptyCase = (): CaseDraft => ({ key: newKey(), name: '', stdin: '', expected: '' });

export const edited = (cases: CaseDraft[], key: string, change: Partial<CaseDraft>): CaseDraft[] =>
  cases.map((one) => (one.key === key ? { ...one, ...change } : one));

export const without = (cases: CaseDraft[], key: string): CaseDraft[] => cases.filter((one) => one.key !== key);

export function duplicated(cases: CaseDraft[], key: string): CaseDraft[] {
  return cases.flatMap((one) =>
    one.key === key ? [one, { ...one, key: newKey(), name: one.name && `${one.name} (copy)` }] : [one],
  );
}

/** By one place up (-1) or down (1). */
export function moved(cases: CaseDraft[], key: string, by: -1 | 1): CaseDraft[] {
  const from = cases.findIndex((one) => one.key === key);
  const to = from + by;
  const [one, other] = [cases[from], cases[to]];
  if (!one || !other) return cases;
  const list = [...cases];
  list[from] = other;
  list[to] = one;
  return list;
}

/** Behind those that are there; one that is empty makes room. */
export function withPasted(cases: CaseDraft[], pasted: PastedCase[]): CaseDraft[] {
  const kept = cases.filter((one) => one.name || one.stdin || one.expected);
  return [...kept, ...pasted.map((one) => ({ key: newKey(), ...one }))];
}
