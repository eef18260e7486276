// SPDX-License-Identifier: MIT
import { lazy, Suspense, useEffect, useRef, type MouseEvent } from 'react';
import { Playground } from '../playground/Playground';
import { watchConnection } from './connection';
import { ErrorBoundary } from './ErrorBoundary';
import { Header } from './Header';
import { titleOf, usePlace, type Place } from './place';

// The banner is asked for while the server is there, to be at hand when it is not.
const ConnectionBanner = lazy(() =>
  import('./ConnectionBanner').then((module) => ({ default: module.ConnectionBanner })),
);
const Dashboard = lazy(() => import('../dashboard/Dashboard'));
const NotFound = lazy(() => import('./NotFound').then((module) => ({ default: module.NotFound })));

function Loading() {
  return (
    <main className="grid flex-1 place-items-center text-muted" aria-busy="true">
      <p>Loading…</p>
    </main>
  );
}

/** By focus and not by the address, which a `#content` in it would spoil for sharing. */
function SkipLink({ onSkip }: { onSkip: () => void }) {
  const skip = (event: MouseEvent) => {
    event.preventDefault();
    onSkip();
  };
  return (
    <a
      href="#content"
      className="fixed top-2 left-2 z-50 -translate-y-20 rounded-md bg-accent px-3 py-1.5 font-semibold text-on-accent focus:translate-y-0"
      onClick={skip}
    >
      Skip to content
    </a>
  );
}

function Page({ place }: { place: Place }) {
  if (place.page === 'dashboard') return <Dashboard />;
  if (place.page === 'nowhere') return <NotFound />;
  return <Playground />;
}

export function App() {
  const place = usePlace();
  const title = titleOf(place);
  const content = useRef<HTMLDivElement>(null);

  useEffect(watchConnection, []);
  useEffect(() => void import('./modes').catch(() => {}), []);
  useEffect(() => {
    document.title = title;
  }, [title]);

  return (
    <ErrorBoundary place="all">
      <div className="flex h-dvh min-h-92 flex-col">
        <SkipLink onSkip={() => content.current?.focus()} />
        <Header />
        <Suspense>
          <ConnectionBanner />
        </Suspense>
        <div id="content" ref={content} tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
          <ErrorBoundary place={title}>
            <Suspense fallback={<Loading />}>
              <Page place={place} />
            </Suspense>
          </ErrorBoundary>
        </div>
      </div>
    </ErrorBoundary>
  );
}
