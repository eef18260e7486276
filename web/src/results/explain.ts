// SPDX-License-Identifier: MIT
/** How a run ended, in one sentence that says exactly what happened. What is code stands between backticks. */
import type { CaseResult, Job, Limits, Submission } from '../api/types';
import { textOf } from '../lib/encoded';
import { duration, exactDuration, kilobytes, plural, signalMeaning, signalName } from '../lib/format';
import { parseCompileMessages } from './compileMessages';

/** What a run, a test case and a compile step have in common. */
interface Ending {
  status: Job['status'];
  verdict: string | null;
  limit: string | null;
  exitCode: number | null;
  signal: number | null;
  timeMs: number;
  cpuMs: number;
  memoryKb: number;
  isStdoutCut: boolean;
  isStderrCut: boolean;
  stderr: string;
  denied: string | null;
  /** How long it waited for a processor that others had. */
  waitedMs: number;
  limits: Limits | null;
}

/** A traceback ends with what matters. */
const TAIL = 16 * 1024;
const LONGEST_QUOTE = 160;

const quote = (text: string): string =>
  text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE).trimEnd()}…` : text;

/** Text of the server's or a program's as the end of a sentence of ours. */
const ended = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

function endingOf(job: Job): Ending {
  return {
    status: job.status,
    verdict: job.verdict ?? null,
    limit: job.limit ?? null,
    exitCode: job.exit_code ?? null,
    signal: job.signal ?? null,
    timeMs: job.time_used_ms ?? 0,
    cpuMs: job.cpu_time_ms ?? 0,
    memoryKb: job.memory_used_kb ?? 0,
    isStdoutCut: job.stdout_truncated ?? false,
    isStderrCut: job.stderr_truncated ?? false,
    stderr: textOf(job.stderr, job.stderr_encoding),
    denied: job.enforced?.denied_syscall ?? null,
    waitedMs: waitedOf(job.enforced?.notes),
    limits: job.limits ?? null,
  };
}

function endingOfCase(result: CaseResult, limits: Limits | null): Ending {
  return {
    status: result.status,
    verdict: result.verdict,
    limit: result.limit,
    exitCode: result.exit_code,
    signal: result.signal,
    timeMs: result.time_used_ms,
    cpuMs: result.cpu_time_ms,
    memoryKb: result.memory_used_kb,
    isStdoutCut: result.stdout_truncated ?? false,
    isStderrCut: result.stderr_truncated ?? false,
    stderr: textOf(result.stderr, result.stderr_encoding),
    denied: result.denied_syscall ?? null,
    waitedMs: 0,
    limits,
  };
}

function waitedOf(notes: string[] | undefined): number {
  for (const note of notes ?? []) {
    const told = /^wall: for (\d+) ms of it the program waited for a processor/.exec(note);
    if (told) return Number(told[1]);
  }
  return 0;
}

/** As a sentence names it, arguments and all: "`socket(AF_INET, SOCK_STREAM, 0)`". */
const callOf = (denied: string): string => `\`${quote(denied.replaceAll('`', "'"))}\``;

function timeSentence(run: Ending): string {
  if (run.limit === 'cpu') {
    return `Stopped after ${exactDuration(run.limits?.cpu_time_limit_ms ?? run.cpuMs)} of CPU time, its limit.`;
  }
  const sentence = `Stopped after ${exactDuration(run.limits?.time_limit_ms ?? run.timeMs)}, its limit of elapsed time`;
  if (run.waitedMs >= run.timeMs / 5) {
    return `${sentence}; other work had the processor for ${duration(run.waitedMs)} of it.`;
  }
  if (run.cpuMs < run.timeMs / 5) {
    return `${sentence}; it used the processor for ${duration(run.cpuMs)} and waited the rest of the time.`;
  }
  return `${sentence}.`;
}

function outputSentence(run: Ending): string {
  const limit = run.limits ? kilobytes(run.limits.output_limit_kb) : null;
  const where = run.isStdoutCut === run.isStderrCut ? '' : run.isStdoutCut ? ' to stdout' : ' to stderr';
  return limit ? `Stopped: it printed more than ${limit}${where}, its limit.` : `Stopped: it printed too much${where}.`;
}

function signalSentence(signal: number): string {
  const meaning = signalMeaning(signal);
  const name = signalName(signal);
  const told = name.startsWith('SIG') ? `signal ${signal} (${name})` : name;
  return meaning ? `Ended by ${told}: ${meaning}.` : `Ended by ${told}.`;
}

function exitSentence(run: Ending, language: string): string {
  const code = run.exitCode ?? 0;
  const last = parseCompileMessages(run.stderr.slice(-TAIL), language)
    .filter((message) => message.severity === 'error')
    .at(-1);
  if (last && code !== 0) return `Exit status ${code}: ${ended(quote(last.text))}`;
  /* a shell tells so of a command that a signal ended */
  if (code > 128 && code <= 192 && (language === 'bash' || language === 'sh')) {
    return `Exit status ${code}, which is how a shell says that ${signalName(code - 128)} ended its last command.`;
  }
  return `Exit status ${code}.`;
}

function runtimeSentence(run: Ending, language: string): string {
  if (run.limit === 'processes' || run.verdict === 'PROCESS_LIMIT_EXCEEDED') {
    const limit = run.limits ? `its limit is ${run.limits.process_limit} at once` : 'it was at its limit';
    return `It failed when it was refused another process or thread: ${limit}.`;
  }
  if (run.signal !== null) return signalSentence(run.signal);
  return exitSentence(run, language);
}

function endingSentence(run: Ending, language: string): string {
  switch (run.status) {
    case 'SUCCESS':
      return 'It ended by itself, with exit status 0.';
    case 'WRONG_ANSWER':
      return 'Its output is not what was expected.';
    case 'TIMEOUT':
      return timeSentence(run);
    case 'MEMORY_LIMIT_EXCEEDED':
      return `Killed: the program used ${kilobytes(run.limits?.memory_limit_kb ?? run.memoryKb)}, its limit.`;
    case 'OUTPUT_LIMIT_EXCEEDED':
      return outputSentence(run);
    case 'SECURITY_VIOLATION':
      return run.denied
        ? `Blocked: it called ${callOf(run.denied)}, which the policy does not allow.`
        : 'Blocked: it made a system call that the policy does not allow.';
    case 'CANCELLED':
      return 'Cancelled.';
    case 'INTERNAL_ERROR':
      return 'The service failed, not the program.';
    default:
      return runtimeSentence(run, language);
  }
}

/* ---- compiling --------------------------------------------------------------------------------------------------- */

/** Why a compiler made no program, as the end of a sentence; null: it does not say. */
function compilerEnd(job: Job, output: string): string | null {
  const step = job.compile;
  const unresolved = /undefined reference to [`'‘]([^'’\n]{1,100})['’]/.exec(output)?.[1];
  if (!step) return null;
  if (step.limit === 'cpu') {
    return `the compiler was stopped after ${exactDuration(step.limits.cpu_time_limit_ms)} of CPU time, its limit`;
  }
  if (step.limit === 'wall') {
    return `the compiler was stopped after ${exactDuration(step.limits.time_limit_ms)}, its limit of elapsed time`;
  }
  if (step.limit === 'memory') return `the compiler used ${kilobytes(step.limits.memory_limit_kb)}, its limit`;
  if (step.limit === 'output') {
    return `the compiler printed more than ${kilobytes(step.limits.output_limit_kb)}, its limit`;
  }
  if (step.limit === 'processes')
    return `the compiler reached its limit of ${step.limits.process_limit} processes at once`;
  if (unresolved) return `\`${unresolved.replaceAll('`', '')}\` is used but not defined`;
  if (step.signal !== null) return `the compiler was ended by ${signalName(step.signal)}`;
  if (step.exit_code !== null) return `the compiler ended with exit status ${step.exit_code}`;
  return null;
}

function compileSentence(job: Job, language: string): string {
  const output = textOf(job.compile_output, job.compile_output_encoding);
  const errors = parseCompileMessages(output, language).filter((message) => message.severity === 'error').length;
  const end = compilerEnd(job, output);
  if (job.compile?.limit && end) return `It did not compile: ${end}.`;
  if (errors > 0) return `It did not compile: ${plural(errors, 'error')}.`;
  return end ? `It did not compile: ${end}.` : 'It did not compile.';
}

/* ---- test cases -------------------------------------------------------------------------------------------------- */

/** A sentence goes on behind a colon; what begins with a name keeps its capital. */
const lower = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1);

/** The limits of one case: what it asks for itself, else the submission's. */
export function limitsOfCase(request: Submission | null, index: number, limits: Limits | null): Limits | null {
  const own = request?.test_cases?.[index];
  if (!limits || !own) return limits;
  const time = own.time_limit_ms ?? request.time_limit_ms ?? limits.time_limit_ms;
  return {
    time_limit_ms: time,
    cpu_time_limit_ms: own.cpu_time_limit_ms ?? own.time_limit_ms ?? limits.cpu_time_limit_ms,
    memory_limit_kb: own.memory_limit_kb ?? request.memory_limit_kb ?? limits.memory_limit_kb,
    process_limit: own.process_limit ?? request.process_limit ?? limits.process_limit,
    output_limit_kb: own.output_limit_kb ?? request.output_limit_kb ?? limits.output_limit_kb,
  };
}

export function explainCase(result: CaseResult, language: string, limits: Limits | null = null): string {
  if (result.status === 'CANCELLED') return 'Not run: the tests stopped at an earlier failure.';
  if (result.status === 'SUCCESS') return 'It printed what was expected.';
  return endingSentence(endingOfCase(result, limits), language);
}

function casesSentence(job: Job, cases: CaseResult[], language: string): string {
  const first = cases.findIndex((one) => one.status !== 'SUCCESS');
  const result = cases[first];
  if (!result) return cases.length === 1 ? 'The test passed.' : `All ${cases.length} tests passed.`;

  const where = `Test ${first + 1} of ${cases.length}`;
  const failed = cases.filter((one) => one.status !== 'SUCCESS' && one.status !== 'CANCELLED').length - 1;
  const more = failed > 0 ? `; ${failed} more failed` : '';
  if (result.status === 'WRONG_ANSWER') return `${where} printed something else${more}.`;
  const request = (job.request as Submission | undefined) ?? null;
  const own = lower(explainCase(result, language, limitsOfCase(request, first, job.limits ?? null)));
  return `${where}: ${more ? own.replace(/\.$/, `${more}.`) : own}`;
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

function cancelledSentence(job: Job): string {
  if (job.running_at) return 'Cancelled while it ran.';
  if (job.compiling_at) return 'Cancelled while compiling.';
  return 'Cancelled before it began.';
}

export function explain(job: Job, language: string): string {
  const { status } = job;
  const cases = job.test_cases ?? [];

  switch (status) {
    case 'QUEUED':
      return 'Waiting for a worker.';
    case 'COMPILING':
      return 'Compiling.';
    case 'RUNNING':
      return 'Running.';
    case 'COMPILATION_ERROR':
      return compileSentence(job, language);
    case 'INTERNAL_ERROR':
      return job.reason
        ? `The service failed, not the program: ${ended(quote(job.reason))}`
        : 'The service failed, not the program.';
    case 'CANCELLED':
      return cancelledSentence(job);
    default:
      break;
  }
  if (status === 'SECURITY_VIOLATION' && job.compile?.verdict === 'SECURITY_VIOLATION') {
    const denied = job.compile.enforced.denied_syscall;
    return denied
      ? `Blocked: the compiler called ${callOf(denied)}, which the policy does not allow.`
      : 'Blocked: the compiler made a system call that the policy does not allow.';
  }
  return cases.length > 0 ? casesSentence(job, cases, language) : endingSentence(endingOf(job), language);
}
