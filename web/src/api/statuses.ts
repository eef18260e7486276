// SPDX-License-Identifier: MIT
/** What each status is called, wherever it is told. */
import type { Status } from './types';

const TITLES: Record<Status, string> = {
  QUEUED: 'Queued',
  COMPILING: 'Compiling',
  RUNNING: 'Running',
  SUCCESS: 'Success',
  WRONG_ANSWER: 'Wrong answer',
  COMPILATION_ERROR: 'Compilation error',
  RUNTIME_ERROR: 'Runtime error',
  TIMEOUT: 'Time limit exceeded',
  MEMORY_LIMIT_EXCEEDED: 'Memory limit exceeded',
  OUTPUT_LIMIT_EXCEEDED: 'Output limit exceeded',
  SECURITY_VIOLATION: 'Security violation',
  CANCELLED: 'Cancelled',
  INTERNAL_ERROR: 'Internal error',
};

export const STATUSES = Object.keys(TITLES) as Status[];

/** A server may be newer than this page. */
export const statusTitle = (status: Status): string => (TITLES as Partial<Record<Status, string>>)[status] ?? status;
