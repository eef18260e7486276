// SPDX-License-Identifier: MIT
/** For when the page cannot work with what was written: it is put where the page does not look. */
import { keptLanguages, moveAside } from './draftStore';
import { keepDrafts, useWorkspace } from './workspace';

/** To be saved as a file: what the page has, which may be more than what is kept. */
export function copyOfDrafts(): Blob {
  const text = JSON.stringify(useWorkspace.getState().drafts, null, 2);
  return new Blob([text], { type: 'application/json' });
}

export function startAfresh(): void {
  keepDrafts();
  keptLanguages().forEach(moveAside);
  // They would be written again when the page goes.
  useWorkspace.setState({ drafts: {} });
}
