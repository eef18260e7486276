// SPDX-License-Identifier: MIT
/** What one does to a list of test cases; each gives a new list. */
import { newKey, type CaseDraft } from '../draft/workspace';
import type { PastedCase } from './parseCases';

/** Bytes of a name that the server takes. */
const NAME_MAX = 200;

/** As much of it as is taken, in whole characters. */
const boundedName = (name: string): string =>
  name.slice(0, new TextEncoder().encodeInto(name, new Uint8Array(NAME_MAX)).read);

export const emptyCase = (): CaseDraft => ({ key: newKey(), name: '', stdin: '', expected: '' });

export const edited = (cases: CaseDraft[], key: string, change: Partial<CaseDraft>): CaseDraft[] =>
  cases.map((one) => {
    if (one.key !== key) return one;
    const after = { ...one, ...change };
    return { ...after, name: boundedName(after.name) };
  });

export const without = (cases: CaseDraft[], key: string): CaseDraft[] => cases.filter((one) => one.key !== key);

export function duplicated(cases: CaseDraft[], key: string): CaseDraft[] {
  return cases.flatMap((one) =>
    one.key === key ? [one, { ...one, key: newKey(), name: one.name && boundedName(`${one.name} (copy)`) }] : [one],
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
  return [...kept, ...pasted.map((one) => ({ key: newKey(), ...one, name: boundedName(one.name) }))];
}
