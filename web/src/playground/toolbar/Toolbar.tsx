// SPDX-License-Identifier: MIT
import { History as HistoryIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { useLanguages } from '../../api/languages';
import { Button } from '../../ui/Button';
import { LanguageMenu } from './LanguageMenu';
import { RunButton } from './RunButton';
import { ShareButton } from './ShareButton';

const ExamplesMenu = lazy(() => import('./ExamplesMenu').then((module) => ({ default: module.ExamplesMenu })));
// No dialog is there at first sight: what it is made of comes right after, to be at hand when it is wanted.
const HistoryDialog = lazy(() =>
  import('../../history/HistoryDialog').then((module) => ({ default: module.HistoryDialog })),
);

export function Toolbar() {
  const languages = useLanguages((state) => state.languages);
  const [isHistoryOpen, setHistoryOpen] = useState(false);
  return (
    <div
      role="group"
      aria-label="Playground"
      className="relative flex h-12 shrink-0 items-center gap-1 px-2 sm:gap-2 sm:px-3"
    >
      <LanguageMenu languages={languages} />
      <Suspense>
        <ExamplesMenu languages={languages} />
      </Suspense>
      <span className="flex-1" />
      <Button
        kind="quiet"
        className="max-md:px-2"
        title="Your earlier runs"
        icon={<HistoryIcon size={15} aria-hidden="true" />}
        onClick={() => setHistoryOpen(true)}
      >
        <span className="max-md:sr-only">History</span>
      </Button>
      <ShareButton />
      <RunButton />
      <Suspense>
        <HistoryDialog isOpen={isHistoryOpen} onClose={() => setHistoryOpen(false)} />
      </Suspense>
    </div>
  );
}
