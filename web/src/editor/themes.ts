// SPDX-License-Identifier: MIT
/** The editor in the page's own colours: surfaces from the palette that is in force, and its own for what code is made of. */
import type { Monaco } from './monaco';

const SYNTAX = {
  dark: {
    comment: '8290a8',
    keyword: 'c3a6ff',
    string: '8fdca8',
    number: 'f2b880',
    type: '79c8f5',
    regexp: 'ff9ea4',
    delimiter: 'aab5c8',
    variable: 'f0cf8e',
  },
  light: {
    comment: '5f6b7f',
    keyword: '7429c6',
    string: '12713f',
    number: '96490a',
    type: '0b5ea8',
    regexp: 'b3202e',
    delimiter: '4c5668',
    variable: '7d5200',
  },
} as const;

/** What the editor draws itself, by the palette's names; the number behind is opacity in hexadecimal. */
const SURFACES: Record<string, [name: string, opacity?: string]> = {
  'editor.background': ['surface'],
  'editor.foreground': ['ink'],
  'editorLineNumber.foreground': ['muted'],
  'editorLineNumber.activeForeground': ['ink'],
  'editorCursor.foreground': ['accent'],
  'editor.selectionBackground': ['accent', '40'],
  'editor.inactiveSelectionBackground': ['accent', '26'],
  'editor.selectionHighlightBackground': ['accent', '20'],
  'editor.wordHighlightBackground': ['info', '22'],
  'editor.wordHighlightStrongBackground': ['info', '33'],
  'editor.lineHighlightBackground': ['raised', '80'],
  'editor.lineHighlightBorder': ['raised', '00'],
  'editor.findMatchBackground': ['warn', '66'],
  'editor.findMatchHighlightBackground': ['warn', '33'],
  'editorIndentGuide.background1': ['line'],
  'editorIndentGuide.activeBackground1': ['muted', '80'],
  'editorWhitespace.foreground': ['muted', '60'],
  'editorBracketMatch.background': ['accent', '22'],
  'editorBracketMatch.border': ['accent', '80'],
  'editorGutter.background': ['surface'],
  'editorError.foreground': ['bad'],
  'editorWarning.foreground': ['warn'],
  'editorInfo.foreground': ['info'],
  'editorWidget.background': ['raised'],
  'editorWidget.foreground': ['ink'],
  'editorWidget.border': ['line'],
  'editorHoverWidget.background': ['raised'],
  'editorHoverWidget.border': ['line'],
  'editorOverviewRuler.border': ['line', '00'],
  'input.background': ['sunken'],
  'input.foreground': ['ink'],
  'input.border': ['line'],
  'inputOption.activeBorder': ['accent'],
  focusBorder: ['accent'],
  'widget.shadow': ['canvas', '80'],
  'scrollbar.shadow': ['canvas', '00'],
  'scrollbarSlider.background': ['muted', '33'],
  'scrollbarSlider.hoverBackground': ['muted', '55'],
  'scrollbarSlider.activeBackground': ['muted', '77'],
  'menu.background': ['raised'],
  'menu.foreground': ['ink'],
  'menu.selectionBackground': ['accent', '33'],
  'menu.selectionForeground': ['ink'],
  'menu.border': ['line'],
};

/** Where the system forces its colours: the editor's own theme for that. */
export function applyTheme(monaco: Monaco, theme: 'dark' | 'light'): void {
  const palette = getComputedStyle(document.documentElement);
  const colors: Record<string, string> = {};
  for (const [key, [name, opacity]] of Object.entries(SURFACES)) {
    const colour = palette.getPropertyValue(`--${name}`).trim();
    if (/^#[0-9a-f]{3}$/i.test(colour)) colors[key] = colour.replace(/[0-9a-f]/gi, '$&$&') + (opacity ?? '');
    else if (/^#[0-9a-f]{6}$/i.test(colour)) colors[key] = colour + (opacity ?? '');
  }
  const syntax = SYNTAX[theme];
  const rules = [
    { token: 'comment', foreground: syntax.comment },
    { token: 'keyword', foreground: syntax.keyword },
    { token: 'string', foreground: syntax.string },
    { token: 'string.escape', foreground: syntax.number },
    { token: 'number', foreground: syntax.number },
    { token: 'type', foreground: syntax.type },
    { token: 'type.identifier', foreground: syntax.type },
    { token: 'predefined', foreground: syntax.type },
    { token: 'regexp', foreground: syntax.regexp },
    { token: 'delimiter', foreground: syntax.delimiter },
    { token: 'variable', foreground: syntax.variable },
    { token: 'annotation', foreground: syntax.variable },
    { token: 'tag', foreground: syntax.variable },
    { token: 'metatag', foreground: syntax.keyword },
  ];
  if (matchMedia('(forced-colors: active)').matches) {
    monaco.editor.setTheme(theme === 'dark' ? 'hc-black' : 'hc-light');
    return;
  }
  monaco.editor.defineTheme('sentinel', { base: theme === 'dark' ? 'vs-dark' : 'vs', inherit: true, rules, colors });
  monaco.editor.setTheme('sentinel');
}
