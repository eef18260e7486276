// SPDX-License-Identifier: MIT
import { currentUser } from '../api/key';
import type { Language, Submission, TestCase } from '../api/types';
import type { CaseDraft, Draft } from './workspace';

/**
 * Somebody watches: what a program prints is to come when it is printed, and in the order of stdout and stderr. Not for
 * test cases, where speed counts.
 */
const LIVE_ENV: Record<string, Record<string, string>> = { python: { PYTHONUNBUFFERED: '1' } };

export function submissionOf(language: Language, draft: Draft): Submission {
  const [source, ...others] = draft.tabs;
  const submission: Submission = {
    language: language.name,
    source_code: source?.content ?? '',
    user_id: currentUser(),
  };
  if (source && source.name !== language.file_name) submission.file_name = source.name;
  if (others.length > 0) submission.files = others.map(({ name, content }) => ({ path: name, content }));
  if (draft.args.length > 0) submission.args = draft.args;

  if (draft.isTesting && draft.cases.length > 0) {
    submission.test_cases = draft.cases.map(testCaseOf);
    submission.compare =
      draft.compare === 'float'
        ? { mode: 'float', tolerance: draft.tolerance }
        : // The generated type wants a tolerance, which the server refuses where it means nothing.
          ({ mode: draft.compare } as NonNullable<Submission['compare']>);
    if (draft.stopAtFirst) submission.stop_at_first_failure = true;
  } else {
    if (draft.stdin) submission.stdin = draft.stdin;
    if (draft.isInteractive) submission.interactive = true;
    const live = LIVE_ENV[language.name];
    if (live) submission.env = live;
  }

  const { timeMs, memoryKb, processes, outputKb } = draft.limits;
  if (timeMs !== null) submission.time_limit_ms = timeMs;
  if (memoryKb !== null) submission.memory_limit_kb = memoryKb;
  if (processes !== null) submission.process_limit = processes;
  if (outputKb !== null) submission.output_limit_kb = outputKb;
  return submission;
}

function testCaseOf({ name, stdin, expected }: CaseDraft): TestCase {
  return { ...(name && { name }), stdin, expected_output: expected };
}
