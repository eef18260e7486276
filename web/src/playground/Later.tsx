// SPDX-License-Identifier: MIT
import { useEffect, useRef } from 'react';
import { usePathname } from 'wouter/use-browser-location';
import { Announcement } from '../results/Announcement';
import { SpokenOutput } from '../results/SpokenOutput';
import { keepRun, showKeptRun } from '../run/keptRun';
import { isBusy, useRun } from '../run/run';
import './files/tabs.css';
import { PrintedCode } from './PrintedCode';
import { Complaints } from './toolbar/Complaints';

/** Ctrl-. (Cmd-.) stops, wherever the focus is. */
function useStopKey(): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.key !== '.' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      const run = useRun.getState();
      if (!isBusy(run)) return;
      event.preventDefault();
      event.stopPropagation();
      void run.stop();
    }
    window.addEventListener('keydown', onKeyDown, true);
    return () => window.removeEventListener('keydown', onKeyDown, true);
  }, []);
}

function useKeptRun(): void {
  const path = usePathname();
  const latest = useRef(path);
  useEffect(() => {
    latest.current = path;
  });
  useEffect(() => {
    // To be at hand when it is wanted.
    import('./files/NameField').catch(() => {});
    import('./toolbar/share').catch(() => {});
    // A shared run has an address that brings it.
    void showKeptRun(() => latest.current === '/');
    return keepRun();
  }, []);
}

/** What the page needs, but not at first sight: it is loaded right after. */
export function Later() {
  useStopKey();
  useKeptRun();
  return (
    <>
      <Complaints />
      <PrintedCode />
      <Announcement />
      <SpokenOutput />
    </>
  );
}
