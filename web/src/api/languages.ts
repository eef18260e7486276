// SPDX-License-Identifier: MIT
import { create } from 'zustand';
import { readLanguages } from './client';
import type { Language } from './types';

interface Languages {
  languages: Language[] | null;
  error: unknown;
  load(): Promise<void>;
}

/** Replaced by the one that is complete. */
export const useLanguages = create<Languages>()((set) => ({
  languages: null,
  error: null,
  load: async () => {
    try {
      set({ languages: await readLanguages(), error: null });
    } catch (error) {
      set({ error });
    }
  },
}));
