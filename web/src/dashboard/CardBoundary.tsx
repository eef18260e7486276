// SPDX-License-Identifier: MIT
import type { ReactNode } from 'react';
import { Boundary } from '../ui/Boundary';
import { Quiet } from './Notice';

const sorry = () => (
  <Quiet>What the server tells of this cannot be shown: it may be of another version than this page.</Quiet>
);

/** Figures of one card that cannot be drawn (a server of another version may send them) leave the others alone. */
export function CardBoundary({ data, children }: { data: unknown; children: ReactNode }) {
  return (
    <Boundary of={data} fallback={sorry}>
      {children}
    </Boundary>
  );
}
