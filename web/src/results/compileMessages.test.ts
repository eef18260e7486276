// SPDX-License-Identifier: MIT
import { describe, expect, it, vi } from 'vitest';
import { parseCompileMessages } from './compileMessages';

const brief = (output: string, language: string) =>
  parseCompileMessages(output, language).map(
    (one) => `${one.file}:${one.line}:${one.column ?? '-'} ${one.severity}: ${one.text}`,
  );

describe('gcc and clang', () => {
  it('reads errors, warnings and notes with their columns', () => {
    const output = `main.c: In function ‘main’:
main.c:2:11: warning: initialization of ‘int’ from ‘char *’ [-Wint-conversion]
    2 |   int x = "a";
      |           ^~~
main.c:3:10: error: ‘y’ undeclared (first use in this function)
main.c:3:10: note: each undeclared identifier is reported only once
/work/util.h:7:1: fatal error: foo.h: No such file or directory
`;
    expect(brief(output, 'c')).toEqual([
      'main.c:2:11 warning: initialization of ‘int’ from ‘char *’ [-Wint-conversion]',
      'main.c:3:10 error: ‘y’ undeclared (first use in this function)',
      'main.c:3:10 info: each undeclared identifier is reported only once',
      'util.h:7:1 fatal error: foo.h: No such file or directory'.replace('fatal error', 'error'),
    ]);
  });

  it("leads from an error in a header to the person's own line", () => {
    const output = `In file included from /usr/include/c++/12/algorithm:61,
/usr/include/c++/12/bits/stl_algo.h:4820:18:   required from ‘void std::sort(_RAIter, _RAIter, _Compare)’
main.cpp:6:12:   required from here
/usr/include/c++/12/bits/predefined_ops.h:158:30: error: expression cannot be used as a function
/usr/include/c++/12/bits/predefined_ops.h:160:30: error: another that nobody asked for
`;
    expect(brief(output, 'cpp')).toEqual([
      'main.cpp:6:12 error: in /usr/include/c++/12/bits/predefined_ops.h:158: expression cannot be used as a function',
    ]);
  });

  it('reads colours away', () => {
    expect(brief('\x1b[01m\x1b[Kmain.c:1:2:\x1b[m\x1b[K \x1b[01;31merror: \x1b[mno', 'c')).toEqual([
      'main.c:1:2 error: no',
    ]);
  });

  it('reads an assertion that failed', () => {
    expect(brief("a.out: main.c:5: main: Assertion `x == 1' failed.", 'c')).toEqual([
      "main.c:5:- error: Assertion `x == 1' failed.",
    ]);
  });
});

describe('javac and java', () => {
  it('takes the column from the caret, and the symbol into the text', () => {
    const output = `Main.java:3: error: incompatible types: String cannot be converted to int
    int x = "s";
            ^
Main.java:4: error: cannot find symbol
    System.out.println(y);
                       ^
  symbol:   variable y
  location: class Main
2 errors
`;
    expect(brief(output, 'java')).toEqual([
      'Main.java:3:13 error: incompatible types: String cannot be converted to int',
      'Main.java:4:24 error: cannot find symbol: variable y',
    ]);
  });

  it('finds the first frame that is no library of an exception', () => {
    const output = `Exception in thread "main" java.util.NoSuchElementException: No value present
\tat java.base/java.util.Optional.get(Optional.java:143)
\tat Main.f(Main.java:2)
\tat Main.main(Main.java:4)
`;
    expect(brief(output, 'java')).toEqual(['Main.java:2:- error: java.util.NoSuchElementException: No value present']);
  });
});

describe('go', () => {
  it('reads the compiler', () => {
    const output = `# _/work
./main.go:2:16: imported and not used: "os"
./main.go:5:15: undefined: y
`;
    expect(brief(output, 'go')).toEqual([
      'main.go:2:16 error: imported and not used: "os"',
      'main.go:5:15 error: undefined: y',
    ]);
  });

  it('reads a panic', () => {
    const output = `panic: runtime error: index out of range [3] with length 0

goroutine 1 [running]:
main.main()
\t/work/main.go:5 +0x1a
exit status 2
`;
    expect(brief(output, 'go')).toEqual(['main.go:5:- error: runtime error: index out of range [3] with length 0']);
  });
});

describe('rustc', () => {
  it('puts the place to the text before it', () => {
    const output = `error[E0308]: mismatched types
 --> main.rs:2:16
  |
warning: unused variable: \`x\`
 --> main.rs:3:7
error: aborting due to 1 previous error
`;
    expect(brief(output, 'rust')).toEqual([
      'main.rs:2:16 error: mismatched types',
      'main.rs:3:7 warning: unused variable: `x`',
    ]);
  });
});

describe('python', () => {
  it('finds the innermost own line of a traceback', () => {
    const output = `Traceback (most recent call last):
  File "/work/main.py", line 9, in <module>
    f(0)
  File "/work/main.py", line 4, in f
    return json.loads(x)
  File "/usr/lib/python3.11/json/__init__.py", line 339, in loads
    raise TypeError(f'the JSON object must be str')
TypeError: the JSON object must be str
`;
    expect(brief(output, 'python')).toEqual(['main.py:4:- error: TypeError: the JSON object must be str']);
  });

  it('reads a syntax error', () => {
    const output = `  File "/work/main.py", line 1
    def f(:
          ^
SyntaxError: invalid syntax
`;
    expect(brief(output, 'python')).toEqual(['main.py:1:- error: SyntaxError: invalid syntax']);
  });

  it('reads both of two that are chained, and warnings', () => {
    const output = `/work/main.py:3: SyntaxWarning: invalid escape sequence
Traceback (most recent call last):
  File "/work/main.py", line 2, in <module>
    1/0
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/work/main.py", line 4, in <module>
    raise KeyError
KeyError
`;
    expect(brief(output, 'python')).toEqual([
      'main.py:3:- warning: SyntaxWarning: invalid escape sequence',
      'main.py:2:- error: ZeroDivisionError: division by zero',
      'main.py:4:- error: KeyError',
    ]);
  });
});

describe('node and TypeScript', () => {
  it('reads what was thrown', () => {
    const output = `/work/main.js:2
  null.x;
       ^

TypeError: Cannot read properties of null (reading 'x')
    at f (/work/main.js:2:8)
    at node:internal/main/run_main_module:28:49

Node.js v20.20.2
`;
    expect(brief(output, 'javascript')).toEqual([
      "main.js:2:8 error: TypeError: Cannot read properties of null (reading 'x')",
    ]);
  });

  it("reads TypeScript's two ways of telling", () => {
    expect(brief("main.ts(1,7): error TS2322: Type 'string'\nmain.ts:2:1 - error TS2304: No y.", 'typescript')).toEqual(
      ["main.ts:1:7 error: TS2322: Type 'string'", 'main.ts:2:1 error: TS2304: No y.'],
    );
  });
});

describe('bash', () => {
  it('reads an error once', () => {
    const output = "main.sh: line 3: syntax error near unexpected token `then'\nmain.sh: line 3: `if then'\n";
    expect(brief(output, 'bash')).toEqual(["main.sh:3:- error: syntax error near unexpected token `then'"]);
  });
});

describe('anything', () => {
  it('is not slow at what is made to be', () => {
    const hostile = [
      `${':'.repeat(50_000)}1`,
      `${'a:1:'.repeat(50_000)}`,
      `${' '.repeat(100_000)}^`,
      `  at ${'a.'.repeat(50_000)}(`,
      `x: ${'Assertion '.repeat(20_000)}`,
    ].join('\n');
    for (const language of ['c', 'java', 'go', 'rust', 'python', 'javascript', 'bash', 'unknown']) {
      const begun = performance.now();
      parseCompileMessages(hostile, language);
      expect(performance.now() - begun).toBeLessThan(2000);
    }
  });

  it.each([
    ['assertions', 'c', 'a: b:1: '.concat('Assertion '.repeat(190), '\n')],
    ['assertions that failed', 'c', 'a: b:1: '.concat('Assertion '.repeat(190), ' failed\n')],
    ['panics', 'rust', `thread '${"' panicked at '', ".repeat(110)}\n`],
    ['errors', 'bash', 'x: line 1: y\n'],
    ['places', 'javascript', 'a.js:1\n'],
    ['messages', 'javascript', 'a.js:1\n^\ny\n'],
    ['errors', 'java', 'A.java:1: error: y\n'],
  ])('is not slow at half a megabyte of %s in %s', (_, language, line) => {
    const begun = performance.now();
    parseCompileMessages(line.repeat(Math.ceil((512 * 1024) / line.length)), language);
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  it('looks at a line a few times, not for each place before it', () => {
    const looks = vi.spyOn(RegExp.prototype, 'exec');
    parseCompileMessages('a.js:1\n'.repeat(5_000), 'javascript');
    expect(looks.mock.calls.length).toBeLessThan(50_000);
    vi.restoreAllMocks();
  });

  it('makes no more messages than are told', () => {
    const trims = vi.spyOn(String.prototype, 'trim');
    parseCompileMessages('x: line 1: y\n'.repeat(40_000), 'bash');
    expect(trims.mock.calls.length).toBeLessThanOrEqual(2000);
    trims.mockClear();
    parseCompileMessages(Array.from({ length: 10_000 }, (_, i) => `x: line ${i}: y\n`).join(''), 'bash');
    expect(trims.mock.calls.length).toBeLessThanOrEqual(201);
    vi.restoreAllMocks();
  });

  it('tells the same but once, and no more than a person reads', () => {
    const line = (number: number) => `main.c:${number}:1: error: no\n`;
    expect(parseCompileMessages(line(1) + line(1), 'c')).toHaveLength(1);
    expect(parseCompileMessages(Array.from({ length: 1000 }, (_, i) => line(i + 1)).join(''), 'c')).toHaveLength(200);
  });
});
