// SPDX-License-Identifier: MIT
/** Which highlighting a file gets: of the source by the language, of others by their ending. */

const BY_LANGUAGE: Record<string, string> = {
  bash: 'shell',
  c: 'c',
  cpp: 'cpp',
  csharp: 'csharp',
  go: 'go',
  java: 'java',
  javascript: 'javascript',
  kotlin: 'kotlin',
  lua: 'lua',
  perl: 'perl',
  php: 'php',
  python: 'python',
  ruby: 'ruby',
  rust: 'rust',
  typescript: 'typescript',
};

const BY_ENDING: Record<string, string> = {
  sh: 'shell',
  bash: 'shell',
  c: 'c',
  h: 'c',
  cc: 'cpp',
  cpp: 'cpp',
  cxx: 'cpp',
  hh: 'cpp',
  hpp: 'cpp',
  cs: 'csharp',
  go: 'go',
  java: 'java',
  js: 'javascript',
  cjs: 'javascript',
  mjs: 'javascript',
  kt: 'kotlin',
  lua: 'lua',
  pl: 'perl',
  pm: 'perl',
  php: 'php',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  ts: 'typescript',
};

export function languageIdOf(fileName: string, language: string, isSource: boolean): string {
  const dot = fileName.lastIndexOf('.');
  const byEnding = dot < 0 ? undefined : BY_ENDING[fileName.slice(dot + 1).toLowerCase()];
  // "util.h" beside C++ is C++.
  if (byEnding === 'c' && language === 'cpp') return 'cpp';
  return (isSource ? BY_LANGUAGE[language] : undefined) ?? byEnding ?? 'plaintext';
}

/** How far a Tab goes. */
export const indentOf = (languageId: string): { size: number; isSpaces: boolean } =>
  languageId === 'go' ? { size: 4, isSpaces: false } : { size: languageId === 'javascript' ? 2 : 4, isSpaces: true };
