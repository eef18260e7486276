// SPDX-License-Identifier: MIT
import { readJob } from '../client';
import type { Ending, Errand } from '../follow';
import { isOver } from '../types';
import { Pauses } from './pauses';

const EVERY_MS = 500;

/** By asking again and again: states as they are met, output when the job has it. */
export async function followByAsking({ id, told, wires, signal, onOpen }: Errand): Promise<Ending> {
  const pauses = new Pauses(wires, signal);
  while (!signal.aborted) {
    try {
      const job = await readJob(id, signal);
      onOpen();
      if (isOver(job.status)) {
        told.tellEnd(job);
        return 'over';
      }
      told.tellState(job);
    } catch {
      return 'broken'; // whoever sent us here finds out why
    }
    await pauses.of(EVERY_MS);
  }
  return 'broken';
}
