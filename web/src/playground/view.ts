// SPDX-License-Identifier: MIT
/** Where there is no room for all at once: what is seen. */
import { create } from 'zustand';

export type View = 'code' | 'input' | 'result';

export const useView = create<{ view: View; show(view: View): void }>()((set) => ({
  view: 'code',
  show: (view) => set({ view }),
}));
