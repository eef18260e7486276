// SPDX-License-Identifier: MIT
/** What each status is called and looks like. */
import {
  Ban,
  Check,
  CircleDashed,
  Hammer,
  Hourglass,
  MemoryStick,
  Play,
  ScrollText,
  ShieldAlert,
  TimerOff,
  TriangleAlert,
  Wrench,
  X,
  type LucideIcon,
} from 'lucide-react';
import type { Status } from '../api/types';

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'muted';

export interface Look {
  title: string;
  tone: Tone;
  icon: LucideIcon;
}

const LOOKS: Record<Status, Look> = {
  QUEUED: { title: 'Queued', tone: 'info', icon: Hourglass },
  COMPILING: { title: 'Compiling', tone: 'info', icon: Hammer },
  RUNNING: { title: 'Running', tone: 'info', icon: Play },
  SUCCESS: { title: 'Success', tone: 'good', icon: Check },
  WRONG_ANSWER: { title: 'Wrong answer', tone: 'bad', icon: X },
  COMPILATION_ERROR: { title: 'Compilation error', tone: 'bad', icon: Hammer },
  RUNTIME_ERROR: { title: 'Runtime error', tone: 'bad', icon: TriangleAlert },
  TIMEOUT: { title: 'Time limit exceeded', tone: 'warn', icon: TimerOff },
  MEMORY_LIMIT_EXCEEDED: { title: 'Memory limit exceeded', tone: 'warn', icon: MemoryStick },
  OUTPUT_LIMIT_EXCEEDED: { title: 'Output limit exceeded', tone: 'warn', icon: ScrollText },
  SECURITY_VIOLATION: { title: 'Security violation', tone: 'bad', icon: ShieldAlert },
  CANCELLED: { title: 'Cancelled', tone: 'muted', icon: Ban },
  INTERNAL_ERROR: { title: 'Internal error', tone: 'bad', icon: Wrench },
};

/** A server may be newer than this page. */
export const lookOf = (status: Status): Look =>
  (LOOKS as Partial<Record<Status, Look>>)[status] ?? { title: String(status), tone: 'muted', icon: CircleDashed };

export const STATUSES = Object.keys(LOOKS) as Status[];

export const TEXT: Record<Tone, string> = {
  good: 'text-good',
  warn: 'text-warn',
  bad: 'text-bad',
  info: 'text-info',
  muted: 'text-muted',
};

export const SOFT: Record<Tone, string> = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  info: 'bg-info-soft text-info',
  muted: 'bg-raised text-muted',
};
