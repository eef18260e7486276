// SPDX-License-Identifier: MIT
import { usePathname } from 'wouter/use-browser-location';
import { Link } from '../ui/Link';

export function NotFound() {
  const path = usePathname();
  return (
    <main className="m-auto flex w-full max-w-md flex-col items-center gap-3 p-8 text-center">
      <p className="font-mono text-5xl font-semibold tracking-tighter text-muted" aria-hidden="true">
        404
      </p>
      <h1 className="text-xl font-semibold">Page not found</h1>
      <p className="max-w-full text-muted">
        <code className="font-mono break-all text-ink">{path.slice(0, 200)}</code> does not exist. Links to shared runs
        start with <code className="font-mono text-ink">/s/</code>.
      </p>
      <div className="mt-2 flex gap-2">
        <Link
          href="/"
          className="rounded-md border border-transparent bg-accent px-3 py-1.5 text-[13px] font-semibold text-on-accent"
        >
          Open the playground
        </Link>
        <Link href="/dashboard" className="rounded-md border border-line bg-raised px-3 py-1.5 text-[13px]">
          Open the dashboard
        </Link>
      </div>
    </main>
  );
}
