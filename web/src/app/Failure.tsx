// SPDX-License-Identifier: MIT
import { Download, RotateCcw, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { keptLanguages } from '../draft/draftStore';
import { copyOfDrafts, startAfresh } from '../draft/startAfresh';
import { saveFile } from '../lib/saveFile';
import { Button } from '../ui/Button';

/** A part that is loaded late has another name after an update of the server, or could not be had at all. */
export const isLoadFailure = (error: unknown): boolean =>
  error instanceof Error && /dynamically imported module|module script failed|preload/i.test(error.message);

const saveCopy = () => saveFile('sentinel-drafts.json', copyOfDrafts());

/** Asked first: whoever wrote something has to look for it afterwards. */
function Afresh({ onCancel }: { onCancel: () => void }) {
  return (
    <section
      aria-labelledby="afresh-title"
      className="flex flex-col gap-3 rounded-lg border border-line bg-surface p-4 text-[13px]"
    >
      <h2 id="afresh-title" className="text-[15px] font-semibold">
        Start without what you wrote?
      </h2>
      <p className="text-muted">
        The code, input and tests of all languages are put aside in this browser, and the page begins with an example.
        Save a copy first if you need them.
      </p>
      <div className="flex flex-wrap gap-2">
        <Button icon={<Download size={14} aria-hidden="true" />} onClick={saveCopy}>
          Save a copy
        </Button>
        <Button
          kind="danger"
          onClick={() => {
            startAfresh();
            location.assign('/');
          }}
        >
          Put it aside and start afresh
        </Button>
        {/* What is asked for has the focus, and the harmless answer. */}
        {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
        <Button kind="quiet" autoFocus onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </section>
  );
}

export function Failure({ error }: { error: unknown }) {
  const isLoading = isLoadFailure(error);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const [isAsking, setAsking] = useState(false);
  // Drafts are not to blame for the rest of the page.
  const mayHelp = !isLoading && !location.pathname.includes('/dashboard') && keptLanguages().length > 0;
  return (
    <main className="m-auto flex w-full max-w-xl flex-col gap-4 p-6">
      <TriangleAlert size={28} className="text-warn" aria-hidden="true" />
      <h1 className="text-xl font-semibold">
        {isLoading ? 'A part of the page could not be loaded' : 'The page failed'}
      </h1>
      <p className="text-muted">
        {isLoading
          ? 'The server is away, or was updated since this page was opened. Loading the page again helps in both cases.'
          : 'This is a fault of the page, not of your program. Loading it again brings it back.'}{' '}
        What you wrote is kept in this browser.
        {mayHelp && ' If the page fails again, start afresh: what you wrote is put aside then.'}
      </p>
      <pre className="max-h-40 overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-[12px] break-words whitespace-pre-wrap">
        {text}
      </pre>
      {isAsking ? (
        <Afresh onCancel={() => setAsking(false)} />
      ) : (
        <div className="flex flex-wrap gap-2">
          <Button kind="primary" icon={<RotateCcw size={14} aria-hidden="true" />} onClick={() => location.reload()}>
            Load the page again
          </Button>
          {mayHelp && <Button onClick={() => setAsking(true)}>Start afresh</Button>}
        </div>
      )}
    </main>
  );
}
