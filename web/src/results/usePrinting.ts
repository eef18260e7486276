// SPDX-License-Identifier: MIT
import { useEffect, useReducer, useRef } from 'react';
import { Printing, type Filter, type ShownChunk } from './printing';

/** Milliseconds of a frame that may go into this; what is over is done in the next ones. */
const BUDGET = 12;
/** While there is more to do it is drawn now and then: what scrolls by so fast nobody reads. */
const DRAWN_EVERY = 200;
/** Where drawing is slow, so much of the time at most goes into it. */
const SHARE = 1 / 5;

export interface Printed {
  printing: Printing;
  /** Counts what was added, so that whoever draws it sees that it changed. */
  revision: number;
}

/** The chunks on paper, as they come. `version` counts their changes. */
export function usePrinting(
  chunks: readonly ShownChunk[],
  version: number,
  filter: Filter,
  columns: number,
  isOver: boolean,
): Printed {
  const [revision, redraw] = useReducer((count: number) => count + 1, 0);
  const kept = useRef<Printing | null>(null);
  const drawing = useRef({ at: Number.NEGATIVE_INFINITY, took: 0, isMeasured: true });

  if (!kept.current?.isOf(chunks, filter)) kept.current = new Printing(chunks, filter, columns);
  const printing = kept.current;

  useEffect(() => {
    let frame = 0;
    function work() {
      const begun = performance.now();
      const last = drawing.current;
      if (!last.isMeasured) Object.assign(last, { took: begun - last.at, isMeasured: true });
      printing.setColumns(columns);
      const isDone = printing.advance(isOver, () => performance.now() - begun > BUDGET);
      if (isDone || begun - last.at > Math.max(DRAWN_EVERY, last.took / SHARE)) {
        drawing.current = { at: performance.now(), took: 0, isMeasured: isDone };
        redraw();
      }
      if (!isDone) frame = requestAnimationFrame(work);
    }
    work();
    return () => cancelAnimationFrame(frame);
  }, [printing, version, columns, isOver]);

  return { printing, revision };
}
