// SPDX-License-Identifier: MIT
/** Where there is no room for all at once: what is seen. */
import { create } from 'zustand';
import type { LimitDraft } from '../../draft/workspace';

export type View = 'code' | 'input' | 'result';

interface ViewStore {
  view: View;
  /** The field that is to be corrected before anything runs; null: whoever was asked to show it has done so. */
  wrongLimit: keyof LimitDraft | null;
  show(view: View): void;
}

export const useView = create<ViewStore>()((set) => ({
  view: 'code',
  wrongLimit: null,
  show: (view) => set({ view }),
}));
