// SPDX-License-Identifier: MIT
import { Component, type ReactNode } from 'react';

interface Props {
  /** What is drawn: where it is another one, what failed is forgotten. */
  of: unknown;
  fallback: (error: unknown) => ReactNode;
  children: ReactNode;
}

interface State {
  of: unknown;
  hasFailed: boolean;
  error: unknown;
}

/** What fails in it leaves all else of the page alone. */
export class Boundary extends Component<Props, State> {
  override state: State = { of: this.props.of, hasFailed: false, error: null };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { hasFailed: true, error };
  }

  static getDerivedStateFromProps({ of }: Props, state: State): State | null {
    return of === state.of ? null : { of, hasFailed: false, error: null };
  }

  override render() {
    const { hasFailed, error } = this.state;
    return hasFailed ? this.props.fallback(error) : this.props.children;
  }
}
