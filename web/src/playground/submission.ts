// SPDX-License-Identifier: MIT
import type { Language, Submission } from '../api/types';
import { emptyDraft, newKey, type Draft } from './workspace';

/** Replaced by the one that is complete. */
export function draftOf(language: Language, request: Submission): Draft {
  return {
    ...emptyDraft(request.file_name ?? language.file_name, request.source_code ?? ''),
    stdin: request.stdin ?? '',
    isTesting: (request.test_cases ?? []).length > 0,
    cases: (request.test_cases ?? []).map((one) => ({
      key: newKey(),
      name: one.name ?? '',
      stdin: one.stdin ?? '',
      expected: one.expected_output ?? '',
    })),
  };
}
