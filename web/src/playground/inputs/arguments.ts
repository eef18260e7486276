// SPDX-License-Identifier: MIT
/** Arguments as one writes them in a shell: white space separates, quotes and backslashes keep together. Nothing else. */

export interface Split {
  args: string[];
  /** The quote that was opened and not closed. */
  open: "'" | '"' | null;
}

export function splitArguments(text: string): Split {
  const args: string[] = [];
  let current: string | null = null;
  let open: Split['open'] = null;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (open === "'") {
      if (c === "'") open = null;
      else current += c;
    } else if (c === '\\' && i + 1 < text.length && (open === null || '"\\'.includes(text.charAt(i + 1)))) {
      current = (current ?? '') + text.charAt(++i);
    } else if (open === '"') {
      if (c === '"') open = null;
      else current += c;
    } else if (c === "'" || c === '"') {
      open = c;
      current ??= '';
    } else if (/\s/.test(c)) {
      if (current !== null) args.push(current);
      current = null;
    } else {
      current = (current ?? '') + c;
    }
  }
  if (current !== null) args.push(current);
  return { args, open };
}

function quote(arg: string): string {
  if (/^[\w@%+=:,./^-]+$/.test(arg)) return arg;
  if (!arg.includes("'")) return `'${arg}'`;
  return `"${arg.replace(/(["\\])/g, '\\$1')}"`;
}

/** The way back: splitting it gives the same arguments. */
export const joinArguments = (args: readonly string[]): string => args.map(quote).join(' ');
