// SPDX-License-Identifier: MIT
/** The same for the text field and the editor that takes its place: nothing jumps. */
export const EDITOR_FONT_SIZE = 13;
export const EDITOR_LINE_HEIGHT = 20;
export const EDITOR_PADDING = 12;

export const EDITOR_FONT =
  "ui-monospace, 'JetBrains Mono', 'Cascadia Code', Menlo, Consolas, 'DejaVu Sans Mono', monospace";
