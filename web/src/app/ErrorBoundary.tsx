// SPDX-License-Identifier: MIT
import { RotateCcw, TriangleAlert } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { Button } from '../ui/Button';

interface Props {
  /** Another place of the page: what failed here is forgotten there. */
  place: string;
  children: ReactNode;
}

interface State {
  error: unknown;
  hasFailed: boolean;
  place: string;
}

/** A part that is loaded late has another name after an update of the server, or could not be had at all. */
export const isLoadFailure = (error: unknown): boolean =>
  error instanceof Error && /dynamically imported module|module script failed|preload/i.test(error.message);

export function Failure({ error }: { error: unknown }) {
  const isLoading = isLoadFailure(error);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return (
    <main className="m-auto flex w-full max-w-xl flex-col gap-4 p-6">
      <TriangleAlert size={28} className="text-warn" aria-hidden="true" />
      <h1 className="text-xl font-semibold">
        {isLoading ? 'Part of the page could not be loaded' : 'Something went wrong'}
      </h1>
      <p className="text-muted">
        {isLoading
          ? 'The server is not responding, or was updated since you opened this page. Reloading helps in both cases.'
          : 'This is a bug in the page, not in your program. Reload to continue.'}{' '}
        Your code is saved in this browser.
      </p>
      <pre className="max-h-40 overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-[12px] break-words whitespace-pre-wrap">
        {text}
      </pre>
      <div>
        <Button kind="primary" icon={<RotateCcw size={14} />} onClick={() => location.reload()}>
          Reload the page
        </Button>
      </div>
    </main>
  );
}

export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null, hasFailed: false, place: this.props.place };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error, hasFailed: true };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.place === state.place ? null : { error: null, hasFailed: false, place: props.place };
  }

  override render() {
    return this.state.hasFailed ? <Failure error={this.state.error} /> : this.props.children;
  }
}
