// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { caseResult } from '../results/samples';
import { caseStates, summaryOf } from './caseStates';

const request = { language: 'c', test_cases: [{ name: 'small' }, {}, {}, {}] };

describe('test cases', () => {
  it('are there before they ran', () => {
    const states = caseStates(request, [caseResult(0, { name: 'small' })], 'RUNNING');
    expect(states.map((state) => [state.name, state.status])).toEqual([
      ['small', 'SUCCESS'],
      ['Test 2', 'RUNNING'],
      ['Test 3', null],
      ['Test 4', null],
    ]);
    expect(summaryOf(states)).toBe('1 of 4 passed, 3 to come');
  });

  it('are there without the submission, too', () => {
    const states = caseStates(null, [caseResult(0), caseResult(1, { status: 'WRONG_ANSWER' })], 'WRONG_ANSWER');
    expect(states).toHaveLength(2);
    expect(summaryOf(states)).toBe('1 of 2 passed');
  });

  it('that were not run are told apart', () => {
    const states = caseStates(
      request,
      [0, 1, 2, 3].map((index) => caseResult(index, index > 0 ? { status: 'CANCELLED' } : {})),
      'WRONG_ANSWER',
    );
    expect(summaryOf(states)).toBe('1 of 4 passed, 3 not run');
  });

  it('may be none', () => expect(caseStates(null, [], null)).toEqual([]));
});
