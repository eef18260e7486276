// SPDX-License-Identifier: MIT
/**
 * The editor asks for a highlighting only when it shows a file that needs it: one way to the server later than could
 * be. The first one is fetched together with the editor.
 */
import { languageIdOf } from './languageIds';

/** By Monaco's name of it. */
const DEFINITIONS: Record<string, () => Promise<unknown>> = {
  shell: () => import('monaco-editor/languages/definitions/shell/shell'),
  c: () => import('monaco-editor/languages/definitions/cpp/cpp'),
  cpp: () => import('monaco-editor/languages/definitions/cpp/cpp'),
  csharp: () => import('monaco-editor/languages/definitions/csharp/csharp'),
  go: () => import('monaco-editor/languages/definitions/go/go'),
  java: () => import('monaco-editor/languages/definitions/java/java'),
  javascript: () => import('monaco-editor/languages/definitions/javascript/javascript'),
  kotlin: () => import('monaco-editor/languages/definitions/kotlin/kotlin'),
  lua: () => import('monaco-editor/languages/definitions/lua/lua'),
  perl: () => import('monaco-editor/languages/definitions/perl/perl'),
  php: () => import('monaco-editor/languages/definitions/php/php'),
  python: () => import('monaco-editor/languages/definitions/python/python'),
  ruby: () => import('monaco-editor/languages/definitions/ruby/ruby'),
  rust: () => import('monaco-editor/languages/definitions/rust/rust'),
  typescript: () => import('monaco-editor/languages/definitions/typescript/typescript'),
};

/** Of the server's name of a language. */
export async function fetchHighlighting(language: string): Promise<void> {
  await DEFINITIONS[languageIdOf('', language, true)]?.();
}
