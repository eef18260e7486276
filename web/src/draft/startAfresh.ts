// SPDX-License-Identifier: MIT
/** For when the page cannot work with what was written: it is put where the page does not look. */
import { keptAside, keptLanguages, moveAside } from './draftStore';
import { keepDrafts, useWorkspace } from './workspace';

/** To be saved as a file: what the page has, which may be more than what is kept. */
export const copyOfDrafts = (): string => JSON.stringify(useWorkspace.getState().drafts, null, 2);

/** The texts that were put aside, by language; they may be no JSON any more. */
export const copyOfAside = (): string => JSON.stringify(keptAside(), null, 2);

export function startAfresh(): void {
  keepDrafts();
  keptLanguages().forEach(moveAside);
  // They would be written again when the page goes.
  useWorkspace.setState({ drafts: {} });
}
