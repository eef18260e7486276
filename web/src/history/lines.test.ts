// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { JobLine } from '../api/types';
import { job } from '../results/samples';
import { matching, refreshed, unfinished, withPage } from './lines';

const line = (id: string, change: Partial<JobLine> = {}): JobLine => ({
  id,
  job_id: id,
  status: 'SUCCESS',
  language: 'cpp',
  user_id: 'web-1',
  attempt: 1,
  cancel_requested: false,
  created_at: '2026-03-01T12:00:00Z',
  finished_at: '2026-03-01T12:00:01Z',
  time_used_ms: 12,
  memory_used_kb: 300,
  ...change,
});

const ids = (lines: readonly JobLine[]) => lines.map((one) => one.id);

describe('the history', () => {
  it('has each line once', () => {
    expect(ids(withPage([line('a'), line('b')], [line('b'), line('c')]))).toEqual(['a', 'b', 'c']);
  });

  it('takes in what became of those that were not over', () => {
    const lines = [line('a', { status: 'RUNNING', time_used_ms: null }), line('b')];
    expect(ids(unfinished(lines))).toEqual(['a']);
    const after = refreshed(lines, [job({ id: 'a', status: 'TIMEOUT', time_used_ms: 5000, memory_used_kb: 7 })]);
    expect(after[0]).toMatchObject({ status: 'TIMEOUT', time_used_ms: 5000, memory_used_kb: 7, language: 'cpp' });
    expect(after[1]).toBe(lines[1]);
    expect(refreshed(lines, [job({ id: 'a', status: 'RUNNING' })])[0]?.time_used_ms).toBeNull();
  });

  it('is searched by code, file, language, verdict and id', () => {
    const lines = [
      line('aaa-111'),
      line('bbb-222', { status: 'TIMEOUT', language: 'python' }),
      line('ccc-333', { status: 'WRONG_ANSWER', language: null }),
    ];
    const title = (name: string) => (name === 'cpp' ? 'C++' : name);
    const known = new Map([['ccc-333', { line: 'print(sum(numbers))', files: ['numbers.txt'] }]]);
    const found = (text: string) => ids(matching(lines, text, title, known));
    expect(found('')).toHaveLength(3);
    expect(found('c++')).toEqual(['aaa-111']);
    expect(found('time limit')).toEqual(['bbb-222']);
    expect(found('PYTHON timeout')).toEqual(['bbb-222']);
    expect(found('333')).toEqual(['ccc-333']);
    expect(found('python 333')).toEqual([]);
    expect(found('SUM(numbers')).toEqual(['ccc-333']);
    expect(found('wrong numbers.txt')).toEqual(['ccc-333']);
  });
});
