// SPDX-License-Identifier: MIT
/** Programs from the editor to what is said of them. */
import { expect, test } from './harness';
import { Playground, WELL } from './playground';
import { SLOW } from './server';

test('whoever opens it for the first time presses Run and sees the output', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.visit.screenshot('first-visit');
  await playground.run();
  await playground.ends(WELL);
  expect((await playground.output.innerText()).trim()).not.toBe('');
  await playground.visit.screenshot('success');
});

test('panes that wait for the server say so, in their places', async ({ open }) => {
  let release = (): void => undefined;
  const isHeld = new Promise<void>((done) => (release = done));
  const visit = await open({
    prepare: (context) =>
      context.route('**/api/v1/languages', async (route) => {
        await isHeld;
        await route.continue();
      }),
  });
  const panes = visit.page.locator('[aria-busy=true]').filter({ hasText: 'Loading…' });
  await expect.poll(() => panes.count()).toBe(2);
  const before = await panes.last().boundingBox();
  await panes.last().getByText('Loading…').waitFor();
  await visit.screenshot('loading');
  await visit.expectAccessible();
  release();
  await new Playground(visit).whenReady();
  expect(await visit.page.getByRole('region', { name: 'Input', exact: true }).boundingBox()).toEqual(before);
});

test('the first run is told aloud, in a place that was there before', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page } = playground;
  // Screen readers say what changes in such a place, and nothing of one that comes filled.
  const empty = page.locator('[role=status]:empty');
  await empty.first().waitFor({ state: 'attached' });
  const places = await empty.elementHandles();
  await playground.run();
  await playground.ends(WELL);
  const told = await Promise.all(places.map((one) => one.textContent()));
  expect(told).toContain(`Success. ${WELL}`);
});

test('the focus stays where one works: on Stop while it stops, on Run when it is over', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page } = playground;
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
  await playground.write('import time\nprint("begun", flush=True)\ntime.sleep(60)\n');
  await playground.run();
  await playground.says('begun');
  await playground.stopButton.focus();
  await page.keyboard.press('Enter');
  await playground.ends('Cancelled while it ran.');
  expect(await focused()).toMatch(/^Run/);
  await playground.typeWhileItRuns();
  await playground.write('print("hello", input("name? "))\n');
  await playground.run();
  await playground.says('name?');
  await playground.inputLine.fill('Ada');
  await playground.inputLine.press('Enter');
  await playground.ends(WELL);
  await expect.poll(focused).toMatch(/^Run/);
  await page.getByRole('group', { name: 'Printed by the program' }).getByText('hello Ada').waitFor();
});

test('what is typed before the editor is there is kept, and so is the focus', async ({ open }) => {
  let release = (): void => undefined;
  const isHeld = new Promise<void>((done) => (release = done));
  const visit = await open({
    prepare: (context) =>
      context.route(/\/assets\/EditorView-[^/]*\.js$/, async (route) => {
        await isHeld;
        await route.continue();
      }),
  });
  const playground = new Playground(visit);
  await playground.whenReady();
  await playground.editor.focus();
  await visit.page.keyboard.press('Control+A');
  await visit.page.keyboard.insertText('print("typed early")\n');
  await playground.run();
  await playground.says('typed early');
  await playground.editor.focus();
  await visit.page.keyboard.insertText('print("and late")\n');
  release();
  await playground.whenEditorIsThere();
  expect(await visit.page.evaluate(() => document.activeElement?.closest('[data-editor]') !== null)).toBe(true);
  await visit.page.keyboard.insertText('print("and later")\n');
  await playground.run();
  await playground.says('and later');
  expect(await playground.output.innerText()).toMatch(/typed early\s+and late\s+and later/);
});

test('the editor is there soon', async ({ open }) => {
  const playground = await Playground.open(open);
  const begun = await playground.page.evaluate(() => performance.now());
  await playground.whenEditorIsThere();
  const ready = await playground.page.evaluate(() => performance.now());
  console.log(
    `FIGURE the editor was interactive ${Math.round(ready)} ms after the navigation (Run after ${Math.round(begun)} ms)`,
  );
  expect(ready).toBeLessThan(10_000 * SLOW);
});

test('Python reads its input and its arguments', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.give('three words here\n');
  await playground.page.getByRole('tab', { name: /^Arguments/ }).click();
  await playground.page
    .getByRole('tabpanel', { name: /^Arguments/ })
    .getByRole('textbox')
    .fill('one "two three"');
  await playground.runs('import sys\nprint(len(sys.stdin.read().split()), sys.argv[1:])\n', WELL);
  await playground.says("3 ['one', 'two three']");
});

test('C++ is compiled and run', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.choose('C++');
  await playground.runs('#include <iostream>\nint main() { std::cout << "sum " << 40 + 2 << std::endl; }\n', WELL);
  await playground.says('sum 42');
});

test('an error of the compiler is marked in the editor and leads to its line', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.choose('C');
  await playground.runs('int main(void)\n{\n    return missing;\n}\n', 'It did not compile: 1 error.');
  await playground.page.locator('.squiggly-error').first().waitFor();
  await playground.visit.screenshot('compile-error');
  await playground.result
    .getByRole('button', { name: /missing/ })
    .first()
    .click();
  await expect
    .poll(() => playground.page.evaluate(() => document.activeElement?.closest('[data-editor]') !== null))
    .toBe(true);
});

test('a traceback leads to its line', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.runs(
    'def f():\n    return 1 / 0\n\n\nf()\n',
    /Exit status 1: ZeroDivisionError: division by zero\./,
  );
  await playground.page.locator('.squiggly-error').first().waitFor();
});

test('a program that never ends is stopped at its limit', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.limit('Time', '1 s');
  await playground.runs('while True:\n    pass\n', /Stopped after 1 s/);
  await playground.result.getByText('Time limit exceeded').first().waitFor();
});

test('a program that takes too much memory is killed', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.limit('Memory', '64 MB');
  await playground.runs(
    'b = []\nwhile True:\n    b.append(bytearray(1 << 20))\n',
    /Killed: the program used 6[47](\.1)? M(i)?B, its limit\./,
  );
  await playground.result.getByText('Memory limit exceeded').first().waitFor();
});

test('a forbidden call is blocked and named', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.runs(
    'import ctypes\nctypes.CDLL(None).ptrace(0, 0, 0, 0)\n',
    /^Blocked: it called ptrace\(.+\), which the policy does not allow\.$/,
  );
  await playground.result.getByText('Security violation').first().waitFor();
  await playground.tab('Details');
  const denied = playground.result.getByRole('group', { name: 'Denied call' });
  expect(await denied.innerText()).toMatch(/ptrace\(.+\)/);
  await playground.visit.screenshot('security-violation');
  await playground.visit.expectAccessible();
});

test('a signal is named, and what it means', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.choose('C');
  await playground.runs('int main(void) { *(volatile int *)8 = 1; return 0; }\n', /Ended by signal 11 \(SIGSEGV\)/);
});

test('output appears while the program runs', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.write('import time\nprint("first", flush=True)\ntime.sleep(4)\nprint("last")\n');
  await playground.run();
  await playground.says('first');
  await playground.stopButton.waitFor();
  expect(await playground.output.innerText()).not.toContain('last');
  await playground.visit.screenshot('running');
  await playground.ends(WELL);
  await playground.says('last');
});

test('stdout and stderr come in their order, and each can be had by itself', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.runs(
    'import sys, time\nfor i in range(3):\n    print("out", i, flush=True)\n    time.sleep(0.3)\n    print("err", i, file=sys.stderr, flush=True)\n    time.sleep(0.3)\n',
    WELL,
  );
  await expect
    .poll(async () => (await playground.output.innerText()).match(/out \d|err \d/g)?.join(' '))
    .toBe('out 0 err 0 out 1 err 1 out 2 err 2');
});

test('one types while it runs, and ends the input', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.typeWhileItRuns();
  await playground.write(
    'import sys\nprint("name?", flush=True)\nprint("hello", input(), flush=True)\nprint(len(sys.stdin.read()), "left")\n',
  );
  await playground.run();
  await playground.says('name?');
  await playground.page
    .getByRole('timer')
    .getByText(/^(60|5\d) s left$/)
    .waitFor();
  await playground.inputLine.fill('Ada');
  await playground.inputLine.press('Enter');
  await playground.says('hello Ada');
  await playground.inputLine.fill('more');
  await playground.inputLine.press('Enter');
  await playground.page.getByRole('button', { name: 'End of input' }).click();
  await playground.ends(WELL);
  await playground.says('5 left');
});

test('an interactive example leaves time to type, and says how much', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.example('Python', 'Guessing game');
  await playground.run();
  await playground.says('Your guess?');
  await playground.page
    .getByRole('timer')
    .getByText(/^(60|5\d) s left$/)
    .waitFor();
  await playground.visit.screenshot('guessing');
  await playground.inputLine.press('Control+.');
  await playground.ends('Cancelled while it ran.');
});

test('a limit that is none keeps it from running, and is forgotten with its draft', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page } = playground;
  await playground.limit('Memory', 'banana');
  await page.getByRole('tab', { name: /^Arguments/ }).click();
  await playground.run();
  const field = page.getByRole('textbox', { name: 'Memory', exact: true });
  await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
  expect(await page.getByText('Enter a number above zero, such as 64 MB.').count()).toBe(1);
  expect(await playground.stopButton.count()).toBe(0);
  await playground.visit.screenshot('bad-limit');
  await playground.example('Python', 'Count words');
  await page.getByRole('tab', { name: /^Limits/ }).click();
  await expect.poll(() => field.inputValue()).toBe('');
  await playground.run();
  await playground.ends(WELL);
});

test('a result of before the latest changes says so, and its marks go', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page, result } = playground;
  await playground.choose('C');
  await playground.runs('int main(void)\n{\n    return missing;\n}\n', 'It did not compile: 1 error.');
  const mark = page.locator('.squiggly-error').first();
  await mark.waitFor();
  const note = result.getByRole('note');
  expect(await note.count()).toBe(0);
  await playground.editor.focus();
  await page.keyboard.press('Control+Home');
  await page.keyboard.insertText('// changed\n');
  await note.getByText('From before your latest changes.').waitFor();
  await mark.waitFor({ state: 'detached' });
  await playground.visit.screenshot('stale');
  await page.keyboard.press('Shift+ArrowUp');
  await page.keyboard.press('Delete');
  await note.waitFor({ state: 'detached' });
  await mark.waitFor();
});

test('no word is highlighted until one goes there', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.write('import os\nimport sys\n');
  await playground.page.reload();
  await playground.whenEditorIsThere();
  await playground.page.waitForTimeout(1000);
  const highlight = playground.page.locator('.wordHighlight, .wordHighlightText, .wordHighlightStrong');
  expect(await highlight.count()).toBe(0);
  await playground.editor.focus();
  await playground.page.keyboard.press('ArrowRight');
  await highlight.first().waitFor();
});

test('a new file is called what one types', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page } = playground;
  await page.getByRole('button', { name: 'Add a file' }).click();
  await page.getByRole('textbox', { name: /^New name of/ }).waitFor();
  await page.keyboard.type('util.py');
  await page.keyboard.press('Enter');
  await page.getByRole('tab', { name: 'util.py', exact: true }).waitFor();
});

test('the result outlives a reload, also of a run that goes on', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page, result } = playground;
  await playground.runs('print("still here")\n', WELL);
  await page.reload();
  await playground.says('still here');
  await playground.ends(WELL);
  expect(await result.getByRole('note').count()).toBe(0);
  await playground.write('import time\nprint("on", flush=True)\ntime.sleep(6)\nprint("the end")\n');
  await playground.run();
  await playground.says('on');
  await page.reload();
  await playground.stopButton.waitFor();
  await playground.says('the end');
  expect(await result.getByRole('note').count()).toBe(0);
});

test('Stop stops', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.write('import time\nprint("on", flush=True)\ntime.sleep(600)\n');
  await playground.run();
  await playground.says('on');
  await playground.stopButton.click();
  await playground.ends('Cancelled while it ran.');
  await playground.runButton.waitFor();
});

test('what the server refuses is said below its field', async ({ open }) => {
  const playground = await Playground.open(open);
  playground.visit.expectProblem(/status of 4(00|22)/);
  await playground.limit('Time', '99999 s');
  await playground.write('print(1)\n');
  await playground.run();
  const about = playground.page.getByRole('tabpanel', { name: /^Limits/ });
  await about.getByText('The time limit must be between 1 ms and 60 s.').waitFor();
  await playground.page.getByRole('textbox', { name: 'Time', exact: true }).fill('5 s');
  await about.getByText(/must be between/).waitFor({ state: 'detached' });
});

test('drafts outlive a reload, one for each language', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.write('print("kept by reload")\n');
  await playground.give('kept input');
  await playground.choose('C++');
  await playground.write('int main() { return 0; } // kept, too\n');
  await playground.page.reload();
  await playground.whenReady();
  await playground.whenEditorIsThere();
  await playground.page.getByRole('tabpanel', { name: 'Editor' }).getByText('kept, too').waitFor();
  await playground.choose('Python');
  await playground.page.getByRole('tabpanel', { name: 'Editor' }).getByText('kept by reload').waitFor();
  expect(await playground.input.inputValue()).toBe('kept input');
});
