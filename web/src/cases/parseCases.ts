// SPDX-License-Identifier: MIT
/**
 * Test cases from what is on the clipboard: as JSON (as the API takes them, or {"input", "output"}), or as statements of
 * problems and archives of judges write them, under headings such as "Input", "Sample Output 2:", "Expected".
 */

export interface PastedCase {
  name: string;
  stdin: string;
  expected: string;
}

const MOST_CASES = 200;
/** What is longer is not read at all: of its beginning alone the last test would be half of one. */
export const MOST_PASTED = 4_000_000;

function textIn(value: Record<string, unknown>, names: string[]): string | null {
  for (const name of names) {
    const found = value[name];
    if (typeof found === 'string') return found;
    if (typeof found === 'number') return String(found);
  }
  return null;
}

function fromJson(text: string): PastedCase[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  if (value && typeof value === 'object' && !Array.isArray(value)) {
    const inside = value as Record<string, unknown>;
    value = inside['test_cases'] ?? inside['tests'] ?? inside['cases'] ?? [value];
  }
  if (!Array.isArray(value)) return [];
  const cases: PastedCase[] = [];
  for (const one of value as unknown[]) {
    if (!one || typeof one !== 'object') continue;
    const fields = one as Record<string, unknown>;
    const stdin = textIn(fields, ['stdin', 'input', 'in']);
    const expected = textIn(fields, ['expected_output', 'expected', 'output', 'answer', 'out']);
    if (stdin !== null || expected !== null) {
      cases.push({ name: textIn(fields, ['name', 'title']) ?? '', stdin: stdin ?? '', expected: expected ?? '' });
    }
  }
  return cases;
}

const HEADING_CHARACTERS = /^[\w\s#*=:.()-]+$/;
const HEADING =
  /^(?:sample |example |test )?(?:case )?(input|stdin|output|stdout|expected|expected output|answer)(?: sample| example| copy)?$/;

/** Which part begins at a line, if it is a heading: what it is decorated and numbered with does not matter. */
function headingOf(line: string): 'stdin' | 'expected' | null {
  if (line.length > 60 || !HEADING_CHARACTERS.test(line)) return null;
  const words = line.toLowerCase().match(/[a-z]+/g) ?? [];
  const heading = HEADING.exec(words.join(' '));
  if (!heading) return null;
  return heading[1] === 'input' || heading[1] === 'stdin' ? 'stdin' : 'expected';
}

const ended = (lines: string[]): string => {
  /* not by /\s+$/: it tries each white space anew */
  const text = lines.join('\n').trimEnd().replace(/^\n+/, '');
  return text === '' ? '' : `${text}\n`;
};

function fromHeadings(text: string): PastedCase[] {
  const cases: PastedCase[] = [];
  let part: 'stdin' | 'expected' | null = null;
  let lines: string[] = [];
  let current: PastedCase | null = null;

  const take = () => {
    if (part === 'stdin') {
      current = { name: '', stdin: ended(lines), expected: '' };
      cases.push(current);
    } else if (part === 'expected') {
      if (current) current.expected = ended(lines);
      else cases.push({ name: '', stdin: '', expected: ended(lines) });
      current = null;
    }
    lines = [];
  };
  for (const line of text.split('\n')) {
    const heading = headingOf(line);
    if (heading) {
      take();
      part = heading;
    } else if (!/^\s*```/.test(line)) {
      lines.push(line.replace(/\r$/, ''));
    }
  }
  take();
  return cases;
}

export function parseCases(text: string): PastedCase[] {
  if (text.length > MOST_PASTED) return [];
  const json = fromJson(text);
  return (json.length > 0 ? json : fromHeadings(text)).slice(0, MOST_CASES);
}
