// SPDX-License-Identifier: MIT
/** Figures as people read them. */

const COUNT = new Intl.NumberFormat('en');

export const count = (number: number): string => COUNT.format(number);

/** "1 error", "2 errors"; `many` where an s does not do. */
export const plural = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;

/** Three significant digits, and no zeros that say nothing: 1.5, 12.3, 524. */
function short(number: number): string {
  return String(number >= 100 ? Math.round(number) : Number(number.toPrecision(3)));
}

const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** In steps of 1024, as limits are given. */
export function bytes(number: number): string {
  let value = Math.max(0, number);
  let unit = 0;
  /* 1023.6 would be told as 1024 of the smaller unit */
  while (Math.round(value) >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${short(value)} ${BYTE_UNITS[unit] ?? 'TB'}`;
}

export const kilobytes = (number: number): string => bytes(number * 1024);

function longDuration(seconds: number): string {
  const units: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  let rest = Math.round(seconds);
  const parts: string[] = [];
  for (const [size, name] of units) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0) parts.push(`${whole} ${name}`);
  }
  return parts.slice(0, 2).join(' ');
}

/** "0.4 ms", "523 ms", "1.02 s", "2 min 5 s", "3 h 20 min". */
export function duration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms === 0) return '0 ms';
  if (ms < 0.001) return 'under 1 µs';
  if (ms < 1) return `${Number(ms.toFixed(ms < 0.1 ? 3 : 2))} ms`;
  if (Math.round(ms) < 1000) return `${short(ms)} ms`;
  if (ms < 59_950) return `${short(ms / 1000)} s`;
  return longDuration(ms / 1000);
}

/** A limit is told as it was given, to the millisecond: 1.234 s. */
export function exactDuration(milliseconds: number): string {
  if (milliseconds < 1000 || milliseconds >= 60_000) return duration(milliseconds);
  return `${Number((milliseconds / 1000).toFixed(3))} s`;
}

/** Time and memory of a run in a list; of what never ran (it did not compile, say) there are none. */
export function figuresOf(job: { time_used_ms: number | null; memory_used_kb: number | null }): string[] {
  const { time_used_ms: time, memory_used_kb: memory } = job;
  return [time ? duration(time) : '', memory ? kilobytes(memory) : ''].filter(Boolean);
}

/** Of a clock that runs: one decimal, always, so that it does not jump about. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')} min`;
}

const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const DATE_AND_TIME = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

export function relativeTime(moment: string, now: number = Date.now()): string {
  const at = Date.parse(moment);
  if (Number.isNaN(at)) return '';
  /* the server's clock may be a little ahead of this one */
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  if (seconds < 7 * 86_400) return `${plural(Math.floor(seconds / 86_400), 'day')} ago`;
  return DATE.format(at);
}

export function exactTime(moment: string): string {
  const at = Date.parse(moment);
  return Number.isNaN(at) ? '' : DATE_AND_TIME.format(at);
}

/** Of Linux on x86-64 and arm64: name, and what it says of a program that it ended. */
const SIGNALS: Record<number, [name: string, meaning: string | null]> = {
  1: ['SIGHUP', 'its terminal went away'],
  2: ['SIGINT', 'it was interrupted'],
  3: ['SIGQUIT', null],
  4: ['SIGILL', 'it came to an instruction that there is not'],
  5: ['SIGTRAP', 'it came to a breakpoint'],
  6: ['SIGABRT', 'it gave itself up, by abort() or a failed assertion'],
  7: ['SIGBUS', 'it touched memory that has nothing behind it'],
  8: ['SIGFPE', 'it divided by zero, or computed what has no result'],
  9: ['SIGKILL', 'something killed it'],
  10: ['SIGUSR1', null],
  11: ['SIGSEGV', 'it touched memory that is not its own'],
  12: ['SIGUSR2', null],
  13: ['SIGPIPE', 'it wrote to a pipe that nobody reads'],
  14: ['SIGALRM', 'an alarm that it had set went off'],
  15: ['SIGTERM', 'it was asked to end'],
  16: ['SIGSTKFLT', null],
  24: ['SIGXCPU', 'it used more CPU time than it had allowed itself'],
  25: ['SIGXFSZ', 'it wrote a file larger than files may be'],
  26: ['SIGVTALRM', 'an alarm that it had set went off'],
  27: ['SIGPROF', 'an alarm that it had set went off'],
  29: ['SIGIO', null],
  30: ['SIGPWR', null],
  31: ['SIGSYS', 'it made a system call that is not allowed'],
};

export function signalName(number: number): string {
  const known = SIGNALS[number];
  if (known) return known[0];
  return number >= 34 && number <= 64 ? `SIGRTMIN+${number - 34}` : `signal ${number}`;
}

export const signalMeaning = (number: number): string | null => SIGNALS[number]?.[1] ?? null;
