// SPDX-License-Identifier: MIT
/** What a compiler, or a traceback, says about a line of a file. */
export interface CompileMessage {
  file: string;
  line: number;
  column: number | null;
  severity: 'error' | 'warning' | 'info';
  text: string;
}

/** A compiler names files as it was given them: "main.c", "./main.c", "/work/main.c". */
export function isSameFile(said: string, name: string): boolean {
  const plain = said.replace(/^(\.\/)+/, '');
  return plain === name || plain.endsWith(`/${name}`);
}

export const messagesOf = (messages: readonly CompileMessage[], name: string): CompileMessage[] =>
  messages.filter((message) => isSameFile(message.file, name));
