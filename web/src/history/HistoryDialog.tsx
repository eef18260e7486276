// SPDX-License-Identifier: MIT
import { lazy, Suspense } from 'react';
import { Dialog } from '../ui/Dialog';

const History = lazy(() => import('./History').then((module) => ({ default: module.History })));

export function HistoryDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog title="History" side isOpen={isOpen} onClose={onClose}>
      <Suspense fallback={<p className="p-4 text-muted">Loading…</p>}>
        <History onClose={onClose} />
      </Suspense>
    </Dialog>
  );
}
