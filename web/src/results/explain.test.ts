// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { Job } from '../api/types';
import { explain, explainCase, limitsOfCase } from './explain';
import { caseResult, compileStep, ENFORCED, job, LIMITS } from './samples';

const TRACEBACK =
  'Traceback (most recent call last):\n  File "/work/main.py", line 2, in f\nZeroDivisionError: division by zero\n';

describe('every status', () => {
  const cases: [string, Partial<Job>, string][] = [
    ['queued', { status: 'QUEUED' }, 'Waiting for a worker.'],
    ['compiling', { status: 'COMPILING' }, 'Compiling.'],
    ['running', { status: 'RUNNING' }, 'Running.'],
    ['success', {}, 'It ended by itself, with exit status 0.'],
    ['exit status', { status: 'RUNTIME_ERROR', exit_code: 3 }, 'Exit status 3.'],
    [
      'signal',
      { status: 'RUNTIME_ERROR', exit_code: null, signal: 11 },
      'Ended by signal 11 (SIGSEGV): it touched memory that is not its own.',
    ],
    [
      'a signal without a meaning',
      { status: 'RUNTIME_ERROR', exit_code: null, signal: 10 },
      'Ended by signal 10 (SIGUSR1).',
    ],
    ['an unknown signal', { status: 'RUNTIME_ERROR', exit_code: null, signal: 99 }, 'Ended by signal 99.'],
    ['CPU time', { status: 'TIMEOUT', limit: 'cpu', signal: 9 }, 'Stopped after 10 s of CPU time, its limit.'],
    [
      'elapsed time',
      { status: 'TIMEOUT', limit: 'wall', time_used_ms: 20_010, cpu_time_ms: 9_000 },
      'Stopped after 20 s, its limit of elapsed time.',
    ],
    [
      'elapsed time that was spent waiting',
      { status: 'TIMEOUT', limit: 'wall', time_used_ms: 20_010, cpu_time_ms: 2 },
      'Stopped after 20 s, its limit of elapsed time; it used the processor for 2 ms and waited the rest of the time.',
    ],
    [
      'elapsed time on a busy host',
      {
        status: 'TIMEOUT',
        limit: 'wall',
        time_used_ms: 20_010,
        cpu_time_ms: 290,
        enforced: {
          ...ENFORCED,
          notes: ['wall: for 19730 ms of it the program waited for a processor that others had'],
        },
      },
      'Stopped after 20 s, its limit of elapsed time; other work had the processor for 19.7 s of it.',
    ],
    [
      'memory',
      { status: 'MEMORY_LIMIT_EXCEEDED', limit: 'memory', signal: 9 },
      'Killed: the program used 256 MB, its limit.',
    ],
    [
      'output',
      { status: 'OUTPUT_LIMIT_EXCEEDED', limit: 'output', stdout_truncated: true },
      'Stopped: it printed more than 1 MB to stdout, its limit.',
    ],
    [
      'output to stderr',
      { status: 'OUTPUT_LIMIT_EXCEEDED', limit: 'output', stderr_truncated: true },
      'Stopped: it printed more than 1 MB to stderr, its limit.',
    ],
    [
      'processes',
      { status: 'RUNTIME_ERROR', verdict: 'PROCESS_LIMIT_EXCEEDED', limit: 'processes', exit_code: 1 },
      'It failed when it was refused another process or thread: its limit is 64 at once.',
    ],
    [
      'a system call',
      {
        status: 'SECURITY_VIOLATION',
        enforced: { ...ENFORCED, denied_syscall: 'ptrace(PTRACE_TRACEME, 0, 0x0, 0x0)' },
      },
      'Blocked: it called `ptrace(PTRACE_TRACEME, 0, 0x0, 0x0)`, which the policy does not allow.',
    ],
    [
      'a system call that is not named',
      { status: 'SECURITY_VIOLATION' },
      'Blocked: it made a system call that the policy does not allow.',
    ],
    [
      'a system call of the compiler',
      {
        status: 'SECURITY_VIOLATION',
        compile: compileStep({
          verdict: 'SECURITY_VIOLATION',
          enforced: { ...ENFORCED, denied_syscall: 'socket(AF_INET, SOCK_STREAM, 0)' },
        }),
      },
      'Blocked: the compiler called `socket(AF_INET, SOCK_STREAM, 0)`, which the policy does not allow.',
    ],
    ['cancelled', { status: 'CANCELLED' }, 'Cancelled while it ran.'],
    ['cancelled early', { status: 'CANCELLED', running_at: null }, 'Cancelled before it began.'],
    [
      'cancelled while compiling',
      { status: 'CANCELLED', running_at: null, compiling_at: '2026-03-01T12:00:00Z' },
      'Cancelled while compiling.',
    ],
    [
      'ours',
      { status: 'INTERNAL_ERROR', reason: 'the sandbox failed' },
      'The service failed, not the program: the sandbox failed.',
    ],
    ['ours without a reason', { status: 'INTERNAL_ERROR', reason: null }, 'The service failed, not the program.'],
  ];
  it.each(cases)('%s', (_, change, sentence) => expect(explain(job(change), 'c')).toBe(sentence));

  it('says what a runtime said last', () => {
    const change: Partial<Job> = { status: 'RUNTIME_ERROR', exit_code: 1, stderr: TRACEBACK };
    expect(explain(job(change), 'python')).toBe('Exit status 1: ZeroDivisionError: division by zero.');
    expect(explain(job({ ...change, stderr: btoa(TRACEBACK), stderr_encoding: 'base64' }), 'python')).toBe(
      'Exit status 1: ZeroDivisionError: division by zero.',
    );
  });

  it("knows a shell's way of telling a signal", () => {
    expect(explain(job({ status: 'RUNTIME_ERROR', exit_code: 139 }), 'bash')).toBe(
      'Exit status 139, which is how a shell says that SIGSEGV ended its last command.',
    );
    expect(explain(job({ status: 'RUNTIME_ERROR', exit_code: 139 }), 'c')).toBe('Exit status 139.');
  });

  it('quotes no more than a sentence', () => {
    const long = explain(job({ status: 'INTERNAL_ERROR', reason: 'x'.repeat(5000) }), 'c');
    expect(long.length).toBeLessThan(250);
  });
});

describe('compiling', () => {
  const failed = (step: Parameters<typeof compileStep>[0], output = '') =>
    explain(
      job({
        status: 'COMPILATION_ERROR',
        compile: compileStep({ verdict: 'COMPILATION_ERROR', exit_code: 1, ...step }),
        compile_output: output,
        compile_output_encoding: 'utf-8',
      }),
      'c',
    );

  it('counts errors', () => {
    expect(failed({}, 'main.c:1:2: error: a\nmain.c:2:2: warning: b\nmain.c:3:2: error: c\n')).toBe(
      'It did not compile: 2 errors.',
    );
    expect(failed({}, 'main.c:1:2: error: a\n')).toBe('It did not compile: 1 error.');
  });

  it.each([
    [{ limit: 'cpu' }, 'the compiler was stopped after 10 s of CPU time, its limit'],
    [{ limit: 'wall' }, 'the compiler was stopped after 1 min, its limit of elapsed time'],
    [{ limit: 'memory' }, 'the compiler used 512 MB, its limit'],
    [{ limit: 'output' }, 'the compiler printed more than 256 KB, its limit'],
    [{ limit: 'processes' }, 'the compiler reached its limit of 64 processes at once'],
    [{ exit_code: null, signal: 9 }, 'the compiler was ended by SIGKILL'],
    [{ exit_code: 4 }, 'the compiler ended with exit status 4'],
  ])('names what stopped the compiler: %j', (step, end) => expect(failed(step)).toBe(`It did not compile: ${end}.`));

  it('a limit matters more than what was printed before', () =>
    expect(failed({ limit: 'memory' }, 'main.c:1:2: error: a\n')).toContain('512 MB'));

  it('names what the linker did not find', () =>
    expect(failed({}, "main.c:(.text+0x5): undefined reference to `foo'\n")).toBe(
      'It did not compile: `foo` is used but not defined.',
    ));

  it('says the least where nothing is known', () =>
    expect(explain(job({ status: 'COMPILATION_ERROR' }), 'c')).toBe('It did not compile.'));
});

describe('test cases', () => {
  const sentence = (...cases: Job['test_cases'] & object) =>
    explain(
      job({ status: cases.find((one) => one.status !== 'SUCCESS')?.status ?? 'SUCCESS', test_cases: cases }),
      'python',
    );
  const wrong = { status: 'WRONG_ANSWER', explanation: 'line 1: expected "3", found "4"' } as const;

  it('all right', () => {
    expect(sentence(caseResult(0))).toBe('The test passed.');
    expect(sentence(caseResult(0), caseResult(1))).toBe('All 2 tests passed.');
  });

  it('one wrong', () =>
    expect(sentence(caseResult(0), caseResult(1), caseResult(2, wrong), caseResult(3), caseResult(4))).toBe(
      'Test 3 of 5 printed something else.',
    ));

  it('several wrong', () =>
    expect(sentence(caseResult(0, wrong), caseResult(1), caseResult(2, wrong))).toBe(
      'Test 1 of 3 printed something else; 1 more failed.',
    ));

  it('stopped at the first', () =>
    expect(sentence(caseResult(0), caseResult(1, wrong), caseResult(2, { status: 'CANCELLED' }))).toBe(
      'Test 2 of 3 printed something else.',
    ));

  it('one that failed otherwise', () => {
    expect(sentence(caseResult(0), caseResult(1, { status: 'RUNTIME_ERROR', exit_code: 2 }))).toBe(
      'Test 2 of 2: exit status 2.',
    );
    expect(sentence(caseResult(0, { status: 'MEMORY_LIMIT_EXCEEDED', limit: 'memory' }), caseResult(1, wrong))).toBe(
      'Test 1 of 2: killed: the program used 256 MB, its limit; 1 more failed.',
    );
  });

  it('tells of one alone', () => {
    expect(explainCase(caseResult(0), 'c')).toBe('It printed what was expected.');
    expect(explainCase(caseResult(0, wrong), 'c')).toBe('Its output is not what was expected.');
    expect(explainCase(caseResult(0, { status: 'CANCELLED' }), 'c')).toContain('Not run');
  });

  it("knows a case's own limits", () => {
    const request = { language: 'c', test_cases: [{ memory_limit_kb: 1024, time_limit_ms: 500 }] };
    expect(limitsOfCase(request, 0, LIMITS)).toMatchObject({
      memory_limit_kb: 1024,
      time_limit_ms: 500,
      cpu_time_limit_ms: 500,
      process_limit: 64,
    });
    expect(limitsOfCase(request, 1, LIMITS)).toBe(LIMITS);
  });
});
