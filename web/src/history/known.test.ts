// SPDX-License-Identifier: MIT
import { beforeEach, describe, expect, it } from 'vitest';
import { recall, remember } from '../lib/storage';
import { knownRuns, rememberRun, tellingLine } from './known';

describe('the line that tells', () => {
  it.each([
    [
      'python',
      '#!/usr/bin/env python3\n# Sums.\nimport sys\nfrom os import path\n\nprint(sum(map(int, sys.stdin)))\n',
      'print(sum(map(int, sys.stdin)))',
    ],
    [
      'python with a text that documents',
      '"""Counts\nwords."""\nimport re\ndef words(text):\n    pass\n',
      'def words(text):',
    ],
    ['c', '/* hello\n * world */\n#include <stdio.h>\n\nint main(void)\n{\n    puts("hi");\n}\n', 'puts("hi");'],
    ['c++', '// x\n#include <iostream>\nusing namespace std;\nint main() {\n  long long a, b;\n', 'long long a, b;'],
    ['go', 'package main\n\nimport (\n\t"fmt"\n)\n\nfunc main() {\n\tfmt.Println(42)\n}\n', 'fmt.Println(42)'],
    [
      'java',
      'import java.util.*;\n\npublic class Main {\n    public static void main(String[] args) {\n        int n = 3;\n',
      'int n = 3;',
    ],
    ['rust', 'use std::io;\n\nfn main() {\n    println!("x");\n}\n', 'println!("x");'],
    [
      'javascript',
      "'use strict';\nconst fs = require('fs');\nconst text = fs.readFileSync(0, 'utf8');\n",
      "const text = fs.readFileSync(0, 'utf8');",
    ],
    ['bash', '#!/bin/bash\nset -eu\necho   hello\t there\n', 'echo hello there'],
    ['what says nothing', '\n# only a comment\n', '# only a comment'],
    ['nothing', '', ''],
  ])('of %s', (_language, source, line) => expect(tellingLine(source)).toBe(line));

  it('is not longer than a row, and found in no time in whatever there is', () => {
    expect(tellingLine('x'.repeat(1000))).toHaveLength(120);
    const begun = performance.now();
    tellingLine(`${'/*'.repeat(50_000)}\n${'"""\n'.repeat(50_000)}`);
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

describe('what is known of runs', () => {
  beforeEach(() => remember('sentinel.runs.1', null));

  it('is their line and their files', () => {
    rememberRun('a', { language: 'c', source_code: 'int x;', files: [{ path: 'y.h', content: '' }] });
    rememberRun('b', { language: 'python', source_code: 'print(1)' });
    expect(knownRuns().get('a')).toEqual({ line: 'int x;', files: ['y.h'] });
    expect(knownRuns().get('b')).toEqual({ line: 'print(1)', files: [] });
    expect(knownRuns().get('c')).toBeUndefined();
  });

  it('is of the newest 200, each once', () => {
    for (let run = 0; run < 250; run++) rememberRun(`run-${run}`, { language: 'c', source_code: `int x${run};` });
    rememberRun('run-60', { language: 'c', source_code: 'int again;' });
    const known = knownRuns();
    expect(known.size).toBe(200);
    expect(known.has('run-49')).toBe(false);
    expect(known.get('run-60')?.line).toBe('int again;');
    expect(known.has('run-249')).toBe(true);
  });

  it('does not mind what it cannot read', () => {
    for (const stored of ['{', '7', '[1, ["a"], ["b", "line", 3], ["c", "line"]]']) {
      remember('sentinel.runs.1', stored);
      expect([...knownRuns().keys()]).toEqual(stored.includes('"c"') ? ['c'] : []);
    }
    rememberRun('d', { language: 'c', source_code: 'x' });
    expect(recall('sentinel.runs.1')).toBe('[["c","line"],["d","x"]]');
  });
});
