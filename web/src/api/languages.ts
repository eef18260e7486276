// SPDX-License-Identifier: MIT
/** The languages of the server: asked for once, and kept. */
import { create } from 'zustand';
import { readLanguages } from './client';
import type { Language } from './types';

interface Languages {
  languages: Language[] | null;
  error: unknown;
  load(): Promise<void>;
}

let loading: Promise<void> | null = null;

export const useLanguages = create<Languages>()((set) => ({
  languages: null,
  error: null,
  load: () => {
    loading ??= readLanguages()
      .then((languages) => set({ languages, error: null }))
      .catch((error: unknown) => set({ error }))
      .finally(() => {
        loading = null;
      });
    return loading;
  },
}));

export const languageOf = (languages: Language[] | null, name: string | null): Language | null =>
  languages?.find((language) => language.name === name) ?? null;
