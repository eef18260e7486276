// SPDX-License-Identifier: MIT
import type { CompileMessage } from '../editor/markers';

const GNU = /^([^\s:]+):(\d+):(\d+): (?:fatal )?(error|warning): (.*)$/gm;

export function parseCompileMessages(output: string, language: string): CompileMessage[] {
  return language === ''
    ? []
    : [...output.matchAll(GNU)].map(([, file = '', line, column, severity, text = '']) => ({
        file,
        line: Number(line),
        column: Number(column),
        severity: severity === 'warning' ? 'warning' : 'error',
        text,
      }));
}
