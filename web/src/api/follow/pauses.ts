// SPDX-License-Identifier: MIT
import type { Wires } from './wires';

const FIRST_MS = 250;
const LONGEST_MS = 5000;

/** Waiting that grows from time to time, and is cut short when the network comes back or nobody waits any more. */
export class Pauses {
  private next = FIRST_MS;

  constructor(
    private readonly wires: Wires,
    private readonly signal: AbortSignal,
  ) {}

  reset(): void {
    this.next = FIRST_MS;
  }

  longer(): Promise<void> {
    const pause = this.next;
    this.next = Math.min(this.next * 2, LONGEST_MS);
    return this.of(pause);
  }

  of(milliseconds: number): Promise<void> {
    const { signal, wires } = this;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        forget();
        resolve();
      };
      const timer = setTimeout(finish, milliseconds);
      const forget = wires.onOnline(finish);
      signal.addEventListener('abort', finish);
    });
  }
}
