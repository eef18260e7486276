// SPDX-License-Identifier: MIT
/** Asks the page to show a line: it brings the file and the editor to the front, and the editor goes there. */
import { create } from 'zustand';

export interface Place {
  file: string;
  line: number;
  column: number;
}

interface Reveal {
  /** null: whoever was asked has done it. */
  place: Place | null;
}

export const useReveal = create<Reveal>()(() => ({ place: null }));

export function revealLine(file: string, line: number, column = 1): void {
  useReveal.setState({ place: { file, line, column } });
}

export function revealed(): void {
  useReveal.setState({ place: null });
}
