// SPDX-License-Identifier: MIT
/**
 * What compilers and runtimes say about lines, as messages that can be clicked. Each reader takes the lines of an
 * output and gives what it recognises; what it does not is no error, and can be read in the output itself.
 */
import type { CompileMessage } from '../editor/markers';
import { stripAnsi } from '../lib/ansi';

export type { CompileMessage };

/** Output is hostile: no more of it is looked at than a person would. */
const MOST_MESSAGES = 200;
/** Also of those that are told again and again. */
const MOST_READ = 2000;
const MOST_CHARACTERS = 512 * 1024;
const LONGEST_LINE = 2000;
const LONGEST_TEXT = 500;

type Severity = CompileMessage['severity'];
/** Gives one at a time, so that whoever has enough of them stops it. */
type Reader = (lines: string[]) => Generator<CompileMessage>;

/** As the tabs call it: what is laid into /work is told by its name there. */
function fileName(path: string): string {
  return path.replace(/^file:\/\//, '').replace(/^(\/work\/|\.\/)+/, '');
}

const isOwn = (path: string): boolean => !fileName(path).startsWith('/') && !path.startsWith('node:');

function message(
  file: string,
  line: string | undefined,
  column: string | number | null | undefined,
  severity: Severity,
  text: string,
): CompileMessage {
  return {
    file: fileName(file),
    line: Number(line) || 1,
    column: Number(column) || null,
    severity,
    text: text.trim().slice(0, LONGEST_TEXT),
  };
}

function severityOf(word: string | undefined): Severity {
  if (word === 'warning') return 'warning';
  return word === 'note' || word === 'remark' || word === 'info' ? 'info' : 'error';
}

/** The column of a line that points by ^ at the one above it. */
function caretColumn(line: string | undefined): number | null {
  return line !== undefined && /^[~\s]*\^/.test(line) ? line.indexOf('^') + 1 : null;
}

/** gcc, g++ and clang; and assertions that failed in what they made. */
function* readGcc(lines: string[]): Generator<CompileMessage> {
  /* where the person's own line is that made a template in a header fail */
  let asked: { file: string; line: string; column: string } | null = null;

  for (const line of lines) {
    const from = /^([^\s:][^:]*):(\d+):(\d+):\s+required from here/.exec(line);
    if (from?.[1] && from[2] && from[3]) {
      if (isOwn(from[1])) asked = { file: from[1], line: from[2], column: from[3] };
      continue;
    }
    const told = /^([^\s:][^:]*):(\d+):(?:(\d+):)? (fatal error|error|warning|note|remark): (.*)$/.exec(line);
    if (told?.[1] && told[5] !== undefined) {
      const severity = severityOf(told[4]);
      if (isOwn(told[1])) {
        yield message(told[1], told[2], told[3], severity, told[5]);
      } else if (asked && severity !== 'info') {
        yield message(asked.file, asked.line, asked.column, severity, `in ${told[1]}:${told[2]}: ${told[5]}`);
      }
      if (severity !== 'info') asked = null;
      continue;
    }
    const assertion = line.endsWith(' failed.') ? /^[^\s:]+: ([^\s:]+):(\d+): /.exec(line) : null;
    const at = assertion ? line.indexOf('Assertion ', assertion[0].length) : -1;
    if (assertion?.[1] && at >= 0) yield message(assertion[1], assertion[2], null, 'error', line.slice(at));
  }
}

function* readJava(lines: string[]): Generator<CompileMessage> {
  let thrown: string | null = null;

  for (const [index, line] of lines.entries()) {
    const told = /^(.+\.java):(\d+): (error|warning): (.*)$/.exec(line);
    if (told?.[1] && told[4] !== undefined) {
      const rest = lines.slice(index + 1, index + 6);
      const end = rest.findIndex((one) => /^\S+\.java:\d+:/.test(one));
      const own = end < 0 ? rest : rest.slice(0, end);
      const symbol = own.map((one) => /^\s+symbol:\s+(.*)$/.exec(one)?.[1]).find(Boolean);
      const caret = own.find((one) => /^\s*\^\s*$/.test(one));
      yield message(
        told[1],
        told[2],
        caretColumn(caret),
        severityOf(told[3]),
        symbol ? `${told[4]}: ${symbol}` : told[4],
      );
      continue;
    }
    const begun = /^(?:Exception in thread "[^"]*"|Caused by:) (.*)$/.exec(line);
    if (begun?.[1] !== undefined) {
      thrown = begun[1];
      continue;
    }
    const frame = /^\s+at (?!java\.|javax\.|jdk\.|sun\.)[^\s(/]+\(([^():]+\.java):(\d+)\)$/.exec(line);
    if (frame?.[1] && thrown !== null) {
      yield message(frame[1], frame[2], null, 'error', thrown);
      thrown = null;
    }
  }
}

function* readGo(lines: string[]): Generator<CompileMessage> {
  let panic: string | null = null;

  for (const line of lines) {
    const told = /^(?:vet: )?([^\s:]+\.go):(\d+):(?:(\d+):)? (.*)$/.exec(line);
    if (told?.[1] && told[4] !== undefined) {
      if (isOwn(told[1])) yield message(told[1], told[2], told[3], 'error', told[4]);
      continue;
    }
    const begun = /^(?:panic: (.*)|(fatal error: .*))$/.exec(line);
    if (begun) {
      panic = begun[1] ?? begun[2] ?? null;
      continue;
    }
    const frame = /^\s+(\/\S+\.go):(\d+)(?: \+0x[0-9a-f]+)?$/.exec(line);
    if (frame?.[1] && panic !== null && isOwn(frame[1])) {
      yield message(frame[1], frame[2], null, 'error', panic);
      panic = null;
    }
  }
}

function* readRust(lines: string[]): Generator<CompileMessage> {
  let told: { severity: Severity; text: string } | null = null;

  for (const line of lines) {
    const begun = /^(error|warning)(?:\[\w+\])?: (.*)$/.exec(line);
    if (begun?.[2] !== undefined) {
      told = { severity: severityOf(begun[1]), text: begun[2] };
      continue;
    }
    const place = /^\s*--> ([^\s:]+):(\d+):(\d+)$/.exec(line);
    if (place?.[1] && told) {
      yield message(place[1], place[2], place[3], told.severity, told.text);
      told = null;
    }
    const panic = /^thread '.*?' panicked at /.exec(line);
    if (!panic) continue;
    /* older ones: 'text', file:line:column */
    const end = line.lastIndexOf("', ");
    const text = end > panic[0].length && line[panic[0].length] === "'" ? line.slice(panic[0].length + 1, end) : null;
    const where = /^([^\s:]+\.rs):(\d+):(\d+):?$/.exec(line.slice(text === null ? panic[0].length : end + 3));
    if (where?.[1]) yield message(where[1], where[2], where[3], 'error', text ?? 'panicked');
  }
}

function* readPython(lines: string[]): Generator<CompileMessage> {
  let place: { file: string; line: string } | null = null;

  for (const line of lines) {
    const warning = /^(\S+\.py):(\d+): (\w*Warning: .*)$/.exec(line);
    if (warning?.[1] && warning[3]) {
      if (isOwn(warning[1])) yield message(warning[1], warning[2], null, 'warning', warning[3]);
      continue;
    }
    const frame = /^\s+File "([^"]+)", line (\d+)/.exec(line);
    if (frame?.[1] && frame[2]) {
      /* the innermost of the person's own; a library's below it is not what is to be looked at */
      if (isOwn(frame[1]) && !frame[1].startsWith('<')) place = { file: frame[1], line: frame[2] };
      continue;
    }
    if (place && /^[A-Za-z_][\w.]*(:|$)/.test(line) && !line.startsWith('Traceback')) {
      yield message(place.file, place.line, null, 'error', line);
      place = null;
    }
  }
}

const SCRIPT_PLACE = /^(\S+\.[cm]?[jt]s):(\d+)$/;

/** What node says of a script, and what the TypeScript compiler does. */
function* readJavaScript(lines: string[]): Generator<CompileMessage> {
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const typed = /^([^\s(]+\.[cm]?tsx?)(?:\((\d+),(\d+)\): |:(\d+):(\d+) - )(error|warning) (TS\d+: .*)$/.exec(line);
    if (typed?.[1] && typed[7] !== undefined) {
      yield message(typed[1], typed[2] ?? typed[4], typed[3] ?? typed[5], severityOf(typed[6]), typed[7]);
      continue;
    }
    const place = SCRIPT_PLACE.exec(line);
    if (!place?.[1] || !isOwn(place[1])) continue;
    /* what stands behind the next place is of that: no line is looked at for many */
    let end = index + 1;
    while (end < Math.min(lines.length, index + 30) && !SCRIPT_PLACE.test(lines[end] ?? '')) end++;
    const rest = lines.slice(index + 1, end);
    const caret = rest.findIndex((one) => /^\s*\^+\s*$/.test(one));
    if (caret < 0) continue;
    const text = rest.slice(caret + 1).find((one) => one.trim() !== '');
    if (text !== undefined) yield message(place[1], place[2], caretColumn(rest[caret]), 'error', text);
    index += caret + 1;
  }
}

function* readShell(lines: string[]): Generator<CompileMessage> {
  for (const line of lines) {
    const told = /^(\S+): line (\d+): (.*)$/.exec(line);
    /* the second line of a syntax error repeats the source */
    if (told?.[1] && told[3] && !told[3].startsWith('`')) {
      yield message(told[1], told[2], null, 'error', told[3]);
    }
  }
}

const READERS: Record<string, Reader> = {
  c: readGcc,
  cpp: readGcc,
  'c++': readGcc,
  java: readJava,
  go: readGo,
  rust: readRust,
  python: readPython,
  python3: readPython,
  javascript: readJavaScript,
  node: readJavaScript,
  typescript: readJavaScript,
  bash: readShell,
  sh: readShell,
};

/** `output` is of the compiler, or what a program that is interpreted left on stderr. */
export function parseCompileMessages(output: string, language: string): CompileMessage[] {
  const reader = READERS[language.toLowerCase()] ?? readGcc;
  const lines = stripAnsi(output.slice(0, MOST_CHARACTERS))
    .split('\n')
    .map((line) => line.replace(/\r$/, '').slice(0, LONGEST_LINE));
  const seen = new Map<string, CompileMessage>();
  let read = 0;
  for (const one of reader(lines)) {
    seen.set(`${one.file}:${one.line}:${one.column}:${one.severity}:${one.text}`, one);
    if (seen.size >= MOST_MESSAGES || ++read >= MOST_READ) break;
  }
  return [...seen.values()];
}
