// SPDX-License-Identifier: MIT
/** How submissions end: the words, the order and the colours that the dashboard has for it. */
import type { ByStatus } from '../api/statistics';
import { isOver, type Status } from '../api/types';

export interface StatusLook {
  status: Status;
  label: string;
  /** A custom property of dashboard.css. */
  color: string;
}

/** From the bottom of a stack to its top: what is well, what programs do wrong, what the service does wrong. */
export const LOOKS: readonly StatusLook[] = [
  { status: 'SUCCESS', label: 'Success', color: '--status-success' },
  { status: 'WRONG_ANSWER', label: 'Wrong answer', color: '--status-wrong' },
  { status: 'COMPILATION_ERROR', label: 'Compilation error', color: '--status-compile' },
  { status: 'RUNTIME_ERROR', label: 'Runtime error', color: '--status-runtime' },
  { status: 'TIMEOUT', label: 'Timeout', color: '--status-timeout' },
  { status: 'MEMORY_LIMIT_EXCEEDED', label: 'Memory limit', color: '--status-memory' },
  { status: 'OUTPUT_LIMIT_EXCEEDED', label: 'Output limit', color: '--status-output' },
  { status: 'SECURITY_VIOLATION', label: 'Security violation', color: '--status-security' },
  { status: 'CANCELLED', label: 'Cancelled', color: '--status-cancelled' },
  { status: 'INTERNAL_ERROR', label: 'Internal error', color: '--status-internal' },
];

const BY_NAME = new Map(LOOKS.map((look) => [look.status, look]));

export function lookOf(status: Status): StatusLook {
  return BY_NAME.get(status) ?? { status, label: status, color: '--muted' };
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
export const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
