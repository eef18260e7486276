// SPDX-License-Identifier: MIT
/** Dark, light, or what the system prefers (dark, where it has no wish; always, where it forces colours of its own). */
import { create } from 'zustand';
import { recall, remember } from '../lib/storage';

export type ThemeChoice = 'dark' | 'light' | 'system';

const STORED = 'sentinel.theme';
const light = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: light)') : null;

interface Theme {
  choice: ThemeChoice;
  theme: 'dark' | 'light';
  choose(choice: ThemeChoice): void;
}

const forced = light && matchMedia('(forced-colors: active)');

export const resolve = (choice: ThemeChoice) =>
  choice === 'system' || forced?.matches ? (light?.matches ? 'light' : 'dark') : choice;

function kept(): ThemeChoice {
  const choice = recall(STORED);
  return choice === 'dark' || choice === 'light' ? choice : 'system';
}

export const useTheme = create<Theme>()((set) => ({
  choice: kept(),
  theme: resolve(kept()),
  choose: (choice) => {
    remember(STORED, choice === 'system' ? null : choice);
    set({ choice, theme: resolve(choice) });
  },
}));

function apply(): void {
  document.documentElement.dataset['theme'] = useTheme.getState().theme;
}

apply();
useTheme.subscribe(apply);
for (const wish of [light, forced]) {
  wish?.addEventListener('change', () => useTheme.setState((state) => ({ theme: resolve(state.choice) })));
}
