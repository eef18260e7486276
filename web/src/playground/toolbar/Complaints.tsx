// SPDX-License-Identifier: MIT
import { KeyRound, LoaderCircle, TriangleAlert, Undo2, X } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Unreachable } from '../../api/client';
import { languageOf, useLanguages } from '../../api/languages';
import { complaintOf } from '../../api/problems';
import { askForKey } from '../../app/keys';
import { useNotice } from '../../draft/notice';
import { copyOfAside } from '../../draft/startAfresh';
import { currentDraft, useWorkspace, type Trouble } from '../../draft/workspace';
import { saveFile } from '../../lib/saveFile';
import { useSecondsUntil } from '../../lib/useSecondsUntil';
import { useRun } from '../../run/run';
import { Button, IconButton } from '../../ui/Button';
import { cx } from '../../ui/cx';
import { useFocusLeftToRun } from './useFocusLeftToRun';

function Strip({ isBad = false, icon, children }: { isBad?: boolean; icon: ReactNode; children: ReactNode }) {
  const strip = useRef<HTMLDivElement>(null);
  useFocusLeftToRun(strip);
  return (
    <div
      ref={strip}
      className={cx(
        'mx-3 mb-2 flex min-h-9 items-center gap-2.5 rounded-lg border px-3 py-1 text-[13px]',
        isBad ? 'border-bad/40 bg-bad-soft text-ink' : 'border-line bg-raised text-ink',
      )}
    >
      <span className={cx('shrink-0', isBad ? 'text-bad' : 'text-muted')}>{icon}</span>
      {children}
    </div>
  );
}

/** Why it does not run yet, or not without a key. What is wrong with a run for good, its result says. */
function RunComplaint() {
  const error = useRun((run) => run.error);
  const retryAt = useRun((run) => run.retryAt);
  const phase = useRun((run) => run.phase);
  const isShown = useRun((run) => run.id !== null && run.request === null);
  const seconds = useSecondsUntil(retryAt);
  const [dismissed, dismiss] = useState<unknown>(null);
  const isWaiting = phase === 'submitting';
  const told = error === null || error === dismissed ? null : complaintOf(error);
  const needsKey = told?.needsKey ?? false;
  const complaint = isWaiting || needsKey ? told : null;

  useEffect(() => {
    if (error !== null && needsKey) askForKey();
  }, [error, needsKey]);

  if (!complaint) return null;
  const advice = isWaiting && isShown ? '' : isWaiting || retryAt === null ? complaint.advice : '';
  return (
    <Strip
      isBad={!isWaiting}
      icon={
        isWaiting ? (
          <LoaderCircle size={15} className="animate-spin" aria-hidden="true" />
        ) : (
          <TriangleAlert size={15} aria-hidden="true" />
        )
      }
    >
      <p className="min-w-0 flex-1">
        <span role="alert">
          {complaint.text} {advice}
        </span>{' '}
        {isWaiting && seconds !== null && seconds > 0 && (
          <span className="text-muted tabular-nums" aria-live="off">
            Retrying in {seconds} s.
          </span>
        )}
      </p>
      {complaint.needsKey && (
        <Button icon={<KeyRound size={14} aria-hidden="true" />} className="h-7" onClick={askForKey}>
          Enter a key
        </Button>
      )}
      {!isWaiting && (
        <IconButton
          label="Dismiss"
          className="size-7"
          icon={<X size={14} aria-hidden="true" />}
          onClick={() => dismiss(error)}
        />
      )}
    </Strip>
  );
}

/** Without languages nothing can be run. */
function LanguagesComplaint() {
  const error = useLanguages((state) => state.error);
  const isMissing = useLanguages((state) => state.languages === null);
  const complaint = error === null || !isMissing ? null : complaintOf(error);
  const needsKey = complaint?.needsKey ?? false;

  useEffect(() => {
    if (needsKey) askForKey();
  }, [needsKey]);

  if (!complaint) return null;
  return (
    <Strip icon={<LoaderCircle size={15} className="animate-spin" aria-hidden="true" />}>
      <p role="alert" className="flex-1">
        {error instanceof Unreachable ? '' : `${complaint.text} `}
        {needsKey ? complaint.advice : 'Your code is saved here. You can run it once the server is back.'}
      </p>
      {needsKey && (
        <Button icon={<KeyRound size={14} aria-hidden="true" />} className="h-7" onClick={askForKey}>
          Enter a key
        </Button>
      )}
    </Strip>
  );
}

/** The draft is of a language that cannot be run here. */
function MissingLanguage() {
  const languages = useLanguages((state) => state.languages);
  const chosen = useWorkspace((state) => state.language);
  const hasDraft = useWorkspace((state) => currentDraft(state) !== null);
  const language = languageOf(languages, chosen);
  if (!languages || !hasDraft || language?.available) return null;
  return (
    <Strip icon={<TriangleAlert size={15} aria-hidden="true" />}>
      <p role="alert" className="flex-1">
        This server has no {language?.title ?? chosen?.toUpperCase()} now. Your code is kept; choose another language.
      </p>
    </Strip>
  );
}

const TROUBLES: Record<Trouble['kind'], (languages: string) => string> = {
  partly: () =>
    'Your code is kept, but not all of its input and tests: this browser has no room for them. They are lost when this page is closed.',
  not: () =>
    'This browser has no room for what you write, or is not allowed to keep it. It is lost when this page is closed.',
  damaged: (languages) =>
    `What this browser kept of your code (${languages}) was damaged. What can be used of it is here; all of it was put aside.`,
};
const SAVE_ASIDE = {
  label: 'Save what was put aside',
  run: () => saveFile('sentinel-damaged.json', copyOfAside()),
  outlivesChanges: true,
} as const;
/** Each is said once. */
const told = new Set<Trouble['kind']>();

function useTroubleTold(): void {
  const trouble = useWorkspace((state) => state.trouble);
  useEffect(() => {
    if (!trouble || told.has(trouble.kind)) return;
    told.add(trouble.kind);
    useNotice
      .getState()
      .say(
        TROUBLES[trouble.kind]([...trouble.languages].sort().join(', ')),
        trouble.kind === 'damaged' ? SAVE_ASIDE : undefined,
      );
  }, [trouble]);
}

function WorkspaceNotice() {
  useTroubleTold();
  const { text, action, dismiss } = useNotice();
  if (text === null) return null;
  return (
    <Strip icon={<Undo2 size={15} aria-hidden="true" />}>
      <p className="flex-1">{text}</p>
      {action && (
        <Button className="h-7" onClick={action.run}>
          {action.label}
        </Button>
      )}
      <IconButton label="Dismiss" className="size-7" icon={<X size={14} aria-hidden="true" />} onClick={dismiss} />
    </Strip>
  );
}

export function Complaints() {
  return (
    <>
      <LanguagesComplaint />
      <MissingLanguage />
      <RunComplaint />
      <div role="status">
        <WorkspaceNotice />
      </div>
    </>
  );
}
