// SPDX-License-Identifier: MIT
import type { CompareMode, Language, Submission } from '../api/types';
import { textOf } from '../lib/encoded';
import { emptyDraft, newKey, type Draft } from './workspace';

/** What the server fills in where no limit of output is asked for. */
export const OUTPUT_DEFAULT_KB = 1024;

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
  draft.isUntouched = true;
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
