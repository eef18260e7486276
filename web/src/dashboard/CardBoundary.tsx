// SPDX-License-Identifier: MIT
import { Component, type ReactNode } from 'react';
import { Quiet } from './Notice';

interface Props {
  /** What is drawn: of other data it is tried again. */
  data: unknown;
  children: ReactNode;
}

interface State {
  data: unknown;
  hasFailed: boolean;
}

/** Figures of one card that cannot be drawn (a server of another version may send them) leave the others alone. */
export class CardBoundary extends Component<Props, State> {
  override state: State = { data: this.props.data, hasFailed: false };

  static getDerivedStateFromError(): Partial<State> {
    return { hasFailed: true };
  }

  static getDerivedStateFromProps({ data }: Props, state: State): State | null {
    return data === state.data ? null : { data, hasFailed: false };
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children;
    return <Quiet>What the server tells of this cannot be shown: it may be of another version than this page.</Quiet>;
  }
}
