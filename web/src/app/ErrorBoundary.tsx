// SPDX-License-Identifier: MIT
import { Component, type ComponentType, type ReactNode } from 'react';

interface Props {
  /** Another place of the page: what failed here is forgotten there. */
  place: string;
  children: ReactNode;
}

interface State {
  error: unknown;
  hasFailed: boolean;
  place: string;
  /** What is shown then. */
  Failure: ComponentType<{ error: unknown }> | null;
}

export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null, hasFailed: false, place: this.props.place, Failure: null };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error, hasFailed: true };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.place === state.place ? null : { error: null, hasFailed: false, place: props.place };
  }

  /** Asked for while the server is there, to be at hand when it is not. */
  override componentDidMount() {
    import('./Failure').then(
      ({ Failure }) => this.setState({ Failure }),
      () => {}, // it is said in fewer words
    );
  }

  override render() {
    const { error, hasFailed, Failure } = this.state;
    if (!hasFailed) return this.props.children;
    return Failure ? (
      <Failure error={error} />
    ) : (
      <main className="m-auto">
        The page failed. <button onClick={() => location.reload()}>Load the page again</button>
      </main>
    );
  }
}
