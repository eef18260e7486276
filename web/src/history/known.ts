// SPDX-License-Identifier: MIT
/** What was run in this browser, as a person would tell it from another: its first line that says something, and files. */
import type { Submission } from '../api/types';
import { textOf } from '../lib/encoded';
import { recall, remember } from '../lib/storage';

const STORED = 'sentinel.runs.1';
const MOST = 200;
const LONGEST_LINE = 120;
const MOST_FILES = 8;
/** Further down nobody looks for what a program is about. */
const LOOKED_AT = 16 * 1024;

export interface Known {
  /** Of the code; empty: there is none. */
  line: string;
  files: string[];
}

const NOTHING_SAID: readonly RegExp[] = [
  // brackets alone, and what begins or ends a block of comment or text
  /^[\s{}()[\];,]*$/,
  /^(\/\/|#|--|;|\*|<!--)/,
  /^('''|"""|'use strict'|"use strict")/,
  // what is needed, and where it belongs
  /^(import|package|use|using|extern crate|require|mod|module|namespace)\b/,
  /^from\s+\S+\s+import\b/,
  /^(const|let|var)\s.*=\s*(await\s+)?(require|import)\s*\(/,
  /^set\s+-/,
  // what each program has
  /^((pub|public|static|final|async|export|default|const|inline|unsafe|abstract)\s+)*(class\s+\w+|fn main|func main|fun main|def main|function main|(int|void|auto) main)\b[^;]*[{:(]?$/,
  /^if\s+__name__\s*==/,
];

/** Comments of several lines, texts that stand for them, and Go's lists of imports. */
const BLOCKS =
  /\/\*[\s\S]*?(\*\/|(?![\s\S]))|^\s*("""|''')[\s\S]*?(\2|(?![\s\S]))|^import\s*\([\s\S]*?(\)|(?![\s\S]))/gm;

const clean = (line: string): string => {
  const text = line.trim().replace(/\s+/g, ' ');
  return text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE - 1)}…` : text;
};

/** The first line that says what the program does; of one that says nothing, the first there is. */
export function tellingLine(source: string): string {
  const beginning = source.slice(0, LOOKED_AT);
  const isTelling = (line: string) => line !== '' && !NOTHING_SAID.some((pattern) => pattern.test(line));
  const lines = (text: string) => text.split('\n').map((line) => line.trim());
  return clean(
    lines(beginning.replace(BLOCKS, '')).find(isTelling) ?? lines(beginning).find((line) => line !== '') ?? '',
  );
}

function knownOf(request: Submission): Known {
  const { source_code, source_code_encoding, file_name, files = [] } = request;
  const names = [file_name ?? '', ...files.map(({ path }) => path)].filter(Boolean);
  return { line: tellingLine(textOf(source_code, source_code_encoding)), files: names.slice(0, MOST_FILES) };
}

type Entry = [id: string, line: string, ...files: string[]];

const isEntry = (value: unknown): value is Entry =>
  Array.isArray(value) && value.length >= 2 && value.every((one) => typeof one === 'string');

function entries(): Entry[] {
  try {
    const stored: unknown = JSON.parse(recall(STORED) ?? '[]');
    return Array.isArray(stored) ? stored.filter(isEntry) : [];
  } catch {
    return [];
  }
}

/** By the id of the run. */
export function knownRuns(): ReadonlyMap<string, Known> {
  return new Map(entries().map(([id, line, ...files]) => [id, { line, files }]));
}

/** Keeps it in this browser; the oldest make room. */
export function rememberRun(id: string, request: Submission): void {
  const { line, files } = knownOf(request);
  const others = entries().filter(([other]) => other !== id);
  remember(STORED, JSON.stringify([...others, [id, line, ...files]].slice(-MOST)));
}
