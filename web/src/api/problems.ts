// SPDX-License-Identifier: MIT
/** What went wrong with a request, and what to do, in sentences for the person who pressed Run. */
import { kilobytes } from '../lib/format';
import { ApiProblem, Unreachable } from './client';

export interface Complaint {
  text: string;
  /** What to do. */
  advice: string;
  /** It needs an API key, or another one. */
  needsKey: boolean;
  /** Which part of the submission is wrong, as the server names it. */
  field: string | null;
}

const FIELDS: [pattern: RegExp, name: string][] = [
  [/^source_code/, 'The source'],
  [/^file_name/, 'The first file’s name'],
  [/^entry/, 'The first file’s name'],
  [/^stdin/, 'The input'],
  [/^args\[(\d+)\]/, 'Argument'],
  [/^args/, 'The arguments'],
  [/^time_limit_ms/, 'The time limit'],
  [/^memory_limit_kb/, 'The memory limit'],
  [/^process_limit/, 'The process limit'],
  [/^output_limit_kb/, 'The output limit'],
  [/^test_cases\[(\d+)\]/, 'Test case'],
  [/^test_cases/, 'The test cases'],
  [/^compare\.tolerance/, 'The tolerance'],
  [/^compare/, 'The comparison'],
  [/^files\[(\d+)\]/, 'File'],
  [/^files/, 'The files'],
  [/^language/, 'The language'],
];

const BOUNDS = /^it is not within (\d+) to (\d+)$/;

/** In the unit in which the page asks for it. */
function boundOf(field: string, value: number): string {
  if (field === 'time_limit_ms') return value >= 1000 ? `${value / 1000} s` : `${value} ms`;
  if (field === 'memory_limit_kb' || field === 'output_limit_kb') return kilobytes(value);
  return String(value);
}

/** Of a test case or a file. */
const PARTS: Record<string, string> = {
  name: 'The name of',
  path: 'The name of',
  stdin: 'The input of',
  expected_output: 'The expected output of',
  content: 'The content of',
};

function nameOf(field: string): string {
  for (const [pattern, name] of FIELDS) {
    const match = pattern.exec(field);
    if (!match) continue;
    if (match[1] === undefined) return name;
    // The first of `files` is the second of the tabs.
    const number = Number(match[1]) + (field.startsWith('files') ? 2 : 1);
    const part = PARTS[/\.(\w+)$/.exec(field)?.[1] ?? ''];
    return part ? `${part} ${name.toLowerCase()} ${number}` : `${name} ${number}`;
  }
  return field;
}

function ofField(field: string, detail: string): string {
  const said = detail.startsWith(`${field}: `) ? detail.slice(field.length + 2) : detail;
  const bounds = BOUNDS.exec(said);
  if (bounds) {
    const from = boundOf(field, Number(bounds[1]));
    return `${nameOf(field)} must be between ${from} and ${boundOf(field, Number(bounds[2]))}.`;
  }
  return `${nameOf(field)}: ${said}.`;
}

function ofProblem({ problem }: ApiProblem): Complaint {
  const { status, code, detail, field = null } = problem;
  const base = { needsKey: false, field };
  const sentence = (text: string, advice = '', more: Partial<Complaint> = {}) => ({ ...base, text, advice, ...more });

  if (code === 'key_missing') return sentence('This server requires an API key.', 'Enter yours.', { needsKey: true });
  if (code === 'key_invalid') {
    return sentence('Your API key is not valid, or was revoked.', 'Enter another one.', { needsKey: true });
  }
  if (code === 'scope_missing') {
    return sentence('Your API key does not allow this.', 'Enter one that may submit and read.', { needsKey: true });
  }
  if (status === 401 || status === 403) return sentence(`The server refused: ${detail}.`, '', { needsKey: true });
  if (status === 404) {
    return sentence('This run does not exist.', 'It may have expired, or belong to another API key.');
  }
  if (code === 'source_too_large') return sentence(`${capital(detail)}.`, 'Shorten it, or read data from the input.');
  if (status === 413) return sentence('This is too large for the server.', 'Shorten the files, input or test cases.');
  if (status === 429) return sentence('Too many runs in the last minute.', 'Yours will start automatically.');
  if (code === 'unknown_language')
    return sentence('This language is not available on the server.', 'Choose another one.');
  if (field !== null) return sentence(ofField(field, detail), 'Change it and run again.');
  if (code === 'queue_full' || code === 'overloaded') {
    return sentence('The server is busy.', 'Your run will start automatically.');
  }
  if (status >= 502 && status <= 504) {
    return sentence('The server is not available right now.', 'Your run will start automatically.');
  }
  return sentence(
    `The server failed: ${detail}.`,
    `Try again. The server’s log has it as request ${problem.request_id || '?'}.`,
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** An end of a sentence that the server wrote, too, is not written twice. */
const once = (text: string) => text.replace(/([.!?])\.$/, '$1');

export function complaintOf(error: unknown): Complaint {
  if (error instanceof ApiProblem) {
    const complaint = ofProblem(error);
    return { ...complaint, text: once(complaint.text) };
  }
  if (error instanceof Unreachable) {
    const isOffline = typeof navigator !== 'undefined' && !navigator.onLine;
    return {
      // That the server is gone, the line below the header says.
      text: isOffline ? 'Your run is waiting until you are online.' : 'Your run is waiting for the server.',
      advice: 'It will start automatically.',
      needsKey: false,
      field: null,
    };
  }
  const what = error instanceof Error ? error.message : String(error);
  return {
    text: `Something went wrong on this page: ${once(`${what}.`)}`,
    advice: 'Reload it.',
    needsKey: false,
    field: null,
  };
}
