// SPDX-License-Identifier: MIT
/** What comes faster than the screen shows it is done once a frame; a page that is not seen has no frames, but a timer. */

const UNSEEN_MS = 250;

export interface Frame {
  /** Soon, once. */
  request(): void;
  /** Now, if it was requested or not. */
  flush(): void;
  cancel(): void;
}

export function nextFrame(work: () => void): Frame {
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function cancel(): void {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    timer = undefined;
  }
  function flush(): void {
    cancel();
    work();
  }
  return {
    request() {
      if (timer !== undefined) return;
      frame = requestAnimationFrame(flush);
      timer = setTimeout(flush, UNSEEN_MS);
    },
    flush,
    cancel,
  };
}
