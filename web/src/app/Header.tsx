// SPDX-License-Identifier: MIT
import { Link, useRoute } from 'wouter';
import { cx } from '../ui/cx';

function Place({ href, name }: { href: string; name: string }) {
  const [isHere] = useRoute(href);
  return (
    <Link
      href={href}
      aria-current={isHere ? 'page' : undefined}
      className={cx('rounded-md px-3 py-1 text-[13px]', isHere ? 'bg-raised text-ink' : 'text-muted hover:text-ink')}
    >
      {name}
    </Link>
  );
}

export function Header() {
  return (
    <header className="flex h-12 items-center gap-4 border-b border-line px-4">
      <Link href="/" className="flex items-center gap-2 font-semibold">
        <img src="/favicon.svg" alt="" width={22} height={22} />
        Sentinel
      </Link>
      <nav aria-label="Main" className="flex gap-1">
        <Place href="/" name="Playground" />
        <Place href="/dashboard" name="Dashboard" />
      </nav>
    </header>
  );
}
