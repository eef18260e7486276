// SPDX-License-Identifier: MIT
/** What each status looks like. */
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

interface Look {
  tone: Tone;
  icon: LucideIcon;
}

const LOOKS: Record<Status, Look> = {
  QUEUED: { tone: 'info', icon: Hourglass },
  COMPILING: { tone: 'info', icon: Hammer },
  RUNNING: { tone: 'info', icon: Play },
  SUCCESS: { tone: 'good', icon: Check },
  WRONG_ANSWER: { tone: 'bad', icon: X },
  COMPILATION_ERROR: { tone: 'bad', icon: Hammer },
  RUNTIME_ERROR: { tone: 'bad', icon: TriangleAlert },
  TIMEOUT: { tone: 'warn', icon: TimerOff },
  MEMORY_LIMIT_EXCEEDED: { tone: 'warn', icon: MemoryStick },
  OUTPUT_LIMIT_EXCEEDED: { tone: 'warn', icon: ScrollText },
  SECURITY_VIOLATION: { tone: 'bad', icon: ShieldAlert },
  CANCELLED: { tone: 'muted', icon: Ban },
  INTERNAL_ERROR: { tone: 'bad', icon: Wrench },
};

/** A server may be newer than this page. */
export const lookOf = (status: Status): Look =>
  (LOOKS as Partial<Record<Status, Look>>)[status] ?? { tone: 'muted', icon: CircleDashed };

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
