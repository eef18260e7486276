// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { ApiProblem, Unreachable } from './client';
import { complaintOf } from './problems';

const of = (status: number, code: string, detail = 'it is so', field?: string) =>
  complaintOf(
    new ApiProblem(
      {
        type: 'about:blank',
        title: '',
        status,
        code,
        detail,
        request_id: 'r-1',
        ...(field !== undefined && { field }),
      },
      null,
    ),
  );

describe('what went wrong', () => {
  it('names the field, and its bounds in the unit of the page', () => {
    expect(of(400, 'invalid_field', 'time_limit_ms: it is not within 1 to 60000', 'time_limit_ms')).toMatchObject({
      text: 'The time limit must be between 1 ms and 60 s.',
      field: 'time_limit_ms',
    });
    expect(of(400, 'invalid_field', 'memory_limit_kb: it is not within 1024 to 1048576', 'memory_limit_kb').text).toBe(
      'The memory limit must be between 1 MB and 1 GB.',
    );
  });
  it('counts as the page does', () => {
    expect(of(400, 'invalid_field', 'files[0].path: it leads out', 'files[0].path').text).toBe(
      'The name of file 2: it leads out.',
    );
    expect(of(400, 'invalid_field', 'test_cases[3].name: it has more than 200 bytes', 'test_cases[3].name').text).toBe(
      'The name of test case 4: it has more than 200 bytes.',
    );
    expect(of(400, 'invalid_field', 'test_cases[3]: it is no object', 'test_cases[3]').text).toBe(
      'Test case 4: it is no object.',
    );
    expect(of(400, 'invalid_field', 'test_cases[3].stdin: it is no string', 'test_cases[3].stdin').text).toBe(
      'The input of test case 4: it is no string.',
    );
  });
  it('asks for a key where one is missing, wrong or too weak', () => {
    for (const [status, code] of [
      [401, 'key_missing'],
      [401, 'key_invalid'],
      [403, 'scope_missing'],
    ] as const) {
      expect(of(status, code).needsKey).toBe(true);
    }
    expect(of(403, 'host_not_allowed').needsKey).toBe(true);
    expect(of(429, 'rate_limited').needsKey).toBe(false);
  });
  it('says what to do', () => {
    expect(of(429, 'rate_limited').text).toBe('Too many runs in the last minute.');
    expect(of(413, 'source_too_large', 'the source is longer than 1048576 bytes').text).toBe(
      'The source is longer than 1048576 bytes.',
    );
    expect(of(422, 'unknown_language', 'there is no such language', 'language').advice).toBe('Choose another one.');
    expect(of(503, 'draining').advice).toContain('automatically');
    expect(of(500, 'internal_error').advice).toContain('r-1');
    expect(complaintOf(new Unreachable(null)).text).toBe('Your run is waiting for the server.');
    expect(complaintOf(new Error('odd')).text).toBe('Something went wrong on this page: odd.');
  });
});
