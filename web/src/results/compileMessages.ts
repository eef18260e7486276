// SPDX-License-Identifier: MIT
import type { CompileMessage } from '../editor/markers';

const GNU = /^([^\s:]+):(\d+):(\d+): (?:fatal )?(error|warning): (.*)$/gm;

export function parseCompileMessages(output: string, _language: string): CompileMessage[] {
  return [...output.matchAll(GNU)].map(([, file = '', line, column, severity, text = '']) => ({
    file,
    line: Number(line),
    column: Number(column),
    severity: severity === 'warning' ? 'warning' : 'error',
    text,
  }));
}
