// SPDX-License-Identifier: MIT
/** How submissions end: the order and the colours that the dashboard has for it. */
import type { ByStatus } from '../api/statistics';
import { isOver, type Status } from '../api/types';

export interface StatusLook {
  status: Status;
  /** A custom property of dashboard.css. */
  color: string;
}

/** From the bottom of a stack to its top: what is well, what programs do wrong, what the service does wrong. */
export const LOOKS: readonly StatusLook[] = [
  { status: 'SUCCESS', color: '--status-success' },
  { status: 'WRONG_ANSWER', color: '--status-wrong' },
  { status: 'COMPILATION_ERROR', color: '--status-compile' },
  { status: 'RUNTIME_ERROR', color: '--status-runtime' },
  { status: 'TIMEOUT', color: '--status-timeout' },
  { status: 'MEMORY_LIMIT_EXCEEDED', color: '--status-memory' },
  { status: 'OUTPUT_LIMIT_EXCEEDED', color: '--status-output' },
  { status: 'SECURITY_VIOLATION', color: '--status-security' },
  { status: 'CANCELLED', color: '--status-cancelled' },
  { status: 'INTERNAL_ERROR', color: '--status-internal' },
];

const BY_NAME = new Map(LOOKS.map((look) => [look.status, look]));

export function lookOf(status: Status): StatusLook {
  return BY_NAME.get(status) ?? { status, color: '--muted' };
}

/** Those that occur, in order. */
export const occurring = (counts: ByStatus): StatusLook[] => LOOKS.filter(({ status }) => (counts[status] ?? 0) > 0);

export interface Rates {
  finished: number;
  success: number;
  /** Ended by a fault of the service. */
  internal: number;
  /** Neither: what the program did, or the person who cancelled it. */
  program: number;
}

export function ratesOf(counts: ByStatus): Rates {
  let finished = 0;
  for (const [status, count] of Object.entries(counts)) if (isOver(status as Status)) finished += count;
  const success = counts.SUCCESS ?? 0;
  const internal = counts.INTERNAL_ERROR ?? 0;
  return { finished, success, internal, program: finished - success - internal };
}

/** null: of nothing there is no share. */
export const share = (part: number, whole: number): number | null => (whole > 0 && part >= 0 ? part / whole : null);
