// SPDX-License-Identifier: MIT
export interface CompileMessage {
  file: string;
  line: number;
  column: number | null;
  severity: 'error' | 'warning' | 'info';
  text: string;
}
