// SPDX-License-Identifier: MIT
import { lazy, Suspense } from 'react';
import { Dialog } from '../ui/Dialog';

const Away = () => (
  <p className="p-4 text-[13px] text-muted">
    This couldn’t be loaded because the server isn’t responding. Reload the page once it is back.
  </p>
);

/** Most people never need it: it is loaded when it is opened. */
const KeyForm = lazy(() => import('./KeyForm').catch(() => ({ default: Away })));

export function KeyDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog title="API key" isOpen={isOpen} onClose={onClose}>
      <Suspense fallback={<p className="p-4 text-[13px] text-muted">Loading…</p>}>
        <KeyForm onClose={onClose} />
      </Suspense>
    </Dialog>
  );
}
