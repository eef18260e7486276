// SPDX-License-Identifier: MIT
/** Examples of our own, beside the one that each language brings. Their text is loaded when it is wanted. */
import { emptyDraft, newKey, NO_LIMITS, type Draft } from '../../draft/workspace';
import { timeToType } from '../inputs/limits';

export interface Example {
  language: string;
  title: string;
  about: string;
  /** In this directory; the first is the source. */
  files: [file: string, ...others: string[]];
  /** What the source is called; without it, what its file is. */
  name?: string;
  with?: (draft: Draft) => Partial<Draft>;
}

const typed = () => ({ isInteractive: true, limits: { ...NO_LIMITS, timeMs: timeToType() } });

const aCase = (name: string, stdin: string, expected: string) => ({ key: newKey(), name, stdin, expected });

export const EXAMPLES: readonly Example[] = [
  {
    language: 'python',
    title: 'Guessing game',
    about: 'Interactive: you type while it runs',
    files: ['python/guess.py'],
    name: 'main.py',
    with: typed,
  },
  {
    language: 'python',
    title: 'Count words',
    about: 'Reads its input',
    files: ['python/words.py'],
    name: 'main.py',
    with: () => ({ stdin: 'the cat and the dog\nand the bird\n' }),
  },
  {
    language: 'python',
    title: 'Colours',
    about: 'ANSI colours, and a bar that grows',
    files: ['python/colours.py'],
    name: 'main.py',
  },
  {
    language: 'python',
    title: 'Loop for ever',
    about: 'Until Stop, or the time limit',
    files: ['python/forever.py'],
    name: 'main.py',
    with: () => ({ limits: { ...NO_LIMITS, timeMs: 5000 } }),
  },
  {
    language: 'python',
    title: 'Eat memory',
    about: 'Until the memory limit',
    files: ['python/memory.py'],
    name: 'main.py',
  },
  {
    language: 'python',
    title: 'Open a connection',
    about: 'Forbidden: there is no network',
    files: ['python/socket.py'],
    name: 'main.py',
  },
  {
    language: 'c',
    title: 'Does not compile',
    about: 'Errors at their lines',
    files: ['c/broken.c'],
    name: 'main.c',
  },
  { language: 'c', title: 'Crash', about: 'Writes where nothing is', files: ['c/segfault.c'], name: 'main.c' },
  {
    language: 'c',
    title: 'Trace a process',
    about: 'Forbidden: the policy blocks the call',
    files: ['c/ptrace.c'],
    name: 'main.c',
  },
  {
    language: 'cpp',
    title: 'Tests',
    about: 'Several inputs, each with what is expected',
    files: ['cpp/sum.cpp'],
    name: 'main.cpp',
    with: () => ({
      isTesting: true,
      cases: [
        aCase('small', '1 2\n', '3\n'),
        aCase('negative', '-5 5\n', '0\n'),
        aCase('wrong on purpose', '2 2\n', '5\n'),
      ],
    }),
  },
  {
    language: 'cpp',
    title: 'Two files',
    about: 'A header beside the source',
    files: ['cpp/files.cpp', 'cpp/shapes.hpp'],
    name: 'main.cpp',
  },
  {
    language: 'javascript',
    title: 'Sort names',
    about: 'Interactive: you type while it runs',
    files: ['javascript/names.js'],
    name: 'main.js',
    with: typed,
  },
  {
    language: 'javascript',
    title: 'Throw an error',
    about: 'Fails while it runs',
    files: ['javascript/throws.js'],
    name: 'main.js',
  },
  { language: 'java', title: 'Threads', about: 'Four at once', files: ['java/Threads.java'], name: 'Main.java' },
  {
    language: 'go',
    title: 'Arguments',
    about: 'Prints what it is called with',
    files: ['go/arguments.go'],
    name: 'main.go',
    with: () => ({ args: ['--count', '3', 'two words'] }),
  },
  {
    language: 'bash',
    title: 'Fork bomb',
    about: 'Held by the limit of processes',
    files: ['bash/forkbomb.sh'],
    name: 'main.sh',
  },
  {
    language: 'bash',
    title: 'Look around',
    about: 'What can be seen from within',
    files: ['bash/lookaround.sh'],
    name: 'main.sh',
  },
];

const TEXTS = import.meta.glob<string>(['./*/*', '!./*/*.test.ts'], { query: '?raw', import: 'default' });

/** The licence is this repository's affair. */
const withoutLicence = (text: string) => text.replace(/^[^\n]*SPDX-License-Identifier[^\n]*\n/, '');

const baseName = (file: string) => file.slice(file.lastIndexOf('/') + 1);

export async function draftOfExample(example: Example): Promise<Draft> {
  const texts = await Promise.all(
    example.files.map(async (file) => {
      const load = TEXTS[`./${file}`];
      if (!load) throw new Error(`there is no example ${file}`);
      return withoutLicence(await load());
    }),
  );
  const [source = '', ...others] = texts;
  const draft = emptyDraft(example.name ?? baseName(example.files[0]), source);
  others.forEach((content, index) =>
    draft.tabs.push({ key: newKey(), name: baseName(example.files[index + 1] ?? ''), content }),
  );
  return { ...draft, isUntouched: true, ...example.with?.(draft) };
}
