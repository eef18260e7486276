// SPDX-License-Identifier: MIT
/** From what is written to what is sent, and back. */
import { currentUser } from '../api/key';
import type { CompareMode, Language, Submission, TestCase } from '../api/types';
import { decodeBase64 } from '../lib/bytes';
import { emptyDraft, newKey, type CaseDraft, type Draft } from './workspace';

/** What the server fills in where no limit of output is asked for. */
export const OUTPUT_DEFAULT_KB = 1024;

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

function textOf(text: string | undefined, encoding: string | undefined): string {
  if (text === undefined) return '';
  return encoding === 'base64' ? new TextDecoder().decode(decodeBase64(text)) : text;
}

const MODES: readonly CompareMode[] = ['trailing', 'exact', 'tokens', 'float'];

export function draftOf(language: Language, request: Submission): Draft {
  const files = request.files ?? [];
  const hasSource = request.source_code !== undefined;
  const entry = hasSource ? undefined : (files.find((file) => file.path === request.entry) ?? files[0]);
  const draft = hasSource
    ? emptyDraft(request.file_name ?? language.file_name, textOf(request.source_code, request.source_code_encoding))
    : emptyDraft(entry?.path ?? language.file_name, textOf(entry?.content, entry?.encoding));

  for (const file of files) {
    if (file === entry) continue;
    draft.tabs.push({ key: newKey(), name: file.path, content: textOf(file.content, file.encoding) });
  }
  draft.stdin = textOf(request.stdin, request.stdin_encoding);
  draft.args = request.args ?? [];
  draft.isInteractive = request.interactive ?? false;
  draft.cases = (request.test_cases ?? []).map((one) => ({
    key: newKey(),
    name: one.name ?? '',
    stdin: textOf(one.stdin, one.stdin_encoding),
    expected: textOf(one.expected_output, one.expected_output_encoding),
  }));
  draft.isTesting = draft.cases.length > 0;
  const mode = request.compare?.mode;
  if (mode && MODES.includes(mode)) draft.compare = mode;
  if (typeof request.compare?.tolerance === 'number') draft.tolerance = request.compare.tolerance;
  draft.stopAtFirst = request.stop_at_first_failure ?? false;
  draft.limits = {
    timeMs: request.time_limit_ms ?? null,
    memoryKb: request.memory_limit_kb ?? null,
    processes: request.process_limit ?? null,
    outputKb: request.output_limit_kb === OUTPUT_DEFAULT_KB ? null : (request.output_limit_kb ?? null),
  };
  return draft;
}
