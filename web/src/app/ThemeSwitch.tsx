// SPDX-License-Identifier: MIT
import { Monitor, Moon, Sun, type LucideIcon } from 'lucide-react';
import { IconButton } from '../ui/Button';
import { cx } from '../ui/cx';
import { useTheme, type ThemeChoice } from './theme';

const CHOICES: { choice: ThemeChoice; name: string; Icon: LucideIcon }[] = [
  { choice: 'dark', name: 'Dark', Icon: Moon },
  { choice: 'light', name: 'Light', Icon: Sun },
  { choice: 'system', name: 'System', Icon: Monitor },
];

/** All three side by side where there is room. */
function ThemeRow() {
  const { choice, choose } = useTheme();
  return (
    <fieldset className="hidden rounded-lg border border-line p-0.5 sm:flex">
      <legend className="sr-only">Theme</legend>
      {CHOICES.map(({ choice: own, name, Icon }) => (
        <label
          key={own}
          title={name}
          className={cx(
            'relative grid size-6.5 cursor-pointer place-items-center rounded-md transition-colors',
            'has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-offset-1 has-[:focus-visible]:outline-accent',
            own === choice ? 'chosen' : 'text-muted hover:text-ink',
          )}
        >
          <input
            type="radio"
            name="theme"
            className="absolute inset-0 cursor-pointer opacity-0"
            aria-label={name}
            checked={own === choice}
            onChange={() => choose(own)}
          />
          <Icon size={14} aria-hidden="true" />
        </label>
      ))}
    </fieldset>
  );
}

/** One button that goes round on a phone. */
function ThemeButton() {
  const { choice, choose } = useTheme();
  const index = CHOICES.findIndex((item) => item.choice === choice);
  const now = CHOICES[index] ?? CHOICES[0];
  const next = CHOICES[(index + 1) % CHOICES.length] ?? CHOICES[0];
  if (!now || !next) return null;
  return (
    <IconButton
      className="sm:hidden"
      label={`Theme: ${now.name.toLowerCase()}. Switch to ${next.name.toLowerCase()}`}
      icon={<now.Icon size={16} />}
      onClick={() => choose(next.choice)}
    />
  );
}

export function ThemeSwitch() {
  return (
    <>
      <ThemeRow />
      <ThemeButton />
    </>
  );
}
