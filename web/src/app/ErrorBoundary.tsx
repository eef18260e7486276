// SPDX-License-Identifier: MIT
import { useEffect, useState, type ComponentType, type ReactNode } from 'react';
import { Boundary } from '../ui/Boundary';

interface Props {
  /** Another place of the page: what failed here is forgotten there. */
  place: string;
  children: ReactNode;
}

export function ErrorBoundary({ place, children }: Props) {
  const [Failure, setFailure] = useState<ComponentType<{ error: unknown }> | null>(null);

  // Asked for while the server is there, to be at hand when it is not.
  useEffect(() => {
    import('./Failure').then(
      (module) => setFailure(() => module.Failure),
      () => {}, // it is said in fewer words
    );
  }, []);

  const fallback = (error: unknown) =>
    Failure ? (
      <Failure error={error} />
    ) : (
      <main className="m-auto">
        The page failed. <button onClick={() => location.reload()}>Load the page again</button>
      </main>
    );
  return (
    <Boundary of={place} fallback={fallback}>
      {children}
    </Boundary>
  );
}
