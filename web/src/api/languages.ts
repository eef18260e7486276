// SPDX-License-Identifier: MIT
/** The languages of the server: asked for once, and kept. */
import { create } from 'zustand';
import { shownName } from '../lib/visible';
import { readLanguages } from './client';
import type { Language } from './types';

interface Languages {
  languages: Language[] | null;
  /** The longest time that a submission may ask for, ms. */
  timeMaxMs: number;
  error: unknown;
  load(): Promise<void>;
}

/** Those that can be worked with, whatever else a server of another version says. */
export const wholeOnes = (languages: (Partial<Language> | null)[]): Language[] =>
  (languages as Language[]).flatMap((one) =>
    one?.name && one.file_name ? { ...one, title: shownName(one.title ?? one.name), aliases: one.aliases ?? [] } : [],
  );

let loading: Promise<void> | null = null;

export const useLanguages = create<Languages>()((set) => ({
  languages: null,
  timeMaxMs: Infinity,
  error: null,
  load: () => {
    loading ??= readLanguages()
      .then(({ languages, limits_max }) =>
        set({
          languages: wholeOnes(languages),
          // An older server does not tell.
          timeMaxMs: (limits_max as typeof limits_max | undefined)?.time_limit_ms ?? Infinity,
          error: null,
        }),
      )
      .catch((error: unknown) => set({ error }))
      .finally(() => {
        loading = null;
      });
    return loading;
  },
}));

/** By its name, or another name that it has. */
export const isCalled = ({ name, aliases }: Language, other: string | null): boolean =>
  other !== null && (name === other || aliases.includes(other));

export const languageOf = (languages: Language[] | null, name: string | null): Language | null =>
  languages?.find((language) => isCalled(language, name)) ?? null;
