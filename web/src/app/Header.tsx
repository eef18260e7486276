// SPDX-License-Identifier: MIT
import { KeyRound } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { currentKey } from '../api/key';
import { IconButton } from '../ui/Button';
import { cx } from '../ui/cx';
import { Link } from '../ui/Link';
import { onKeyChanged, onKeyNeeded } from './keys';
import { usePlace } from './place';
import { ThemeSwitch } from './ThemeSwitch';

// Right after the first sight, to be at hand when it is wanted.
const KeyDialog = lazy(() => import('./KeyDialog').then((module) => ({ default: module.KeyDialog })));

function Place({ href, name, isHere }: { href: string; name: string; isHere: boolean }) {
  return (
    <Link
      href={href}
      aria-current={isHere ? 'page' : undefined}
      className={cx(
        'touch inline-flex items-center rounded-md px-1.5 py-1 text-[13px] transition-colors sm:px-3',
        isHere ? 'chosen font-medium' : 'text-muted hover:text-ink',
      )}
    >
      {name}
    </Link>
  );
}

function Places() {
  const { page } = usePlace();
  return (
    <nav aria-label="Main" className="flex gap-1">
      <Place href="/" name="Playground" isHere={page === 'playground' || page === 'shared'} />
      <Place href="/dashboard" name="Dashboard" isHere={page === 'dashboard'} />
    </nav>
  );
}

function KeyButton() {
  const [isOpen, setOpen] = useState(false);
  const [hasKey, setHasKey] = useState(() => currentKey() !== '');
  useEffect(() => onKeyNeeded(() => setOpen(true)), []);
  useEffect(() => onKeyChanged(() => setHasKey(currentKey() !== '')), []);
  return (
    <>
      <IconButton
        label={hasKey ? 'API key: saved' : 'API key: none'}
        className={cx(hasKey && 'text-accent')}
        icon={<KeyRound size={16} />}
        onClick={() => setOpen(true)}
      />
      <Suspense>
        <KeyDialog isOpen={isOpen} onClose={() => setOpen(false)} />
      </Suspense>
    </>
  );
}

export function Header() {
  return (
    <header className="flex h-12 shrink-0 items-center gap-1 border-b border-line bg-surface px-1.5 sm:gap-4 sm:px-4">
      <Link
        href="/"
        aria-label="Sentinel"
        className="touch flex items-center justify-center gap-2 px-1.5 font-semibold tracking-tight sm:px-0"
      >
        <img src="/favicon.svg" alt="" width={22} height={22} />
        <span className="hidden sm:inline">Sentinel</span>
      </Link>
      <Places />
      <div className="ml-auto flex items-center gap-1 sm:gap-2">
        <ThemeSwitch />
        <KeyButton />
      </div>
    </header>
  );
}
