// SPDX-License-Identifier: MIT
/** Programs, names and outputs that mean harm, and outputs that are too much. */
import { expect, test } from './harness';
import { Playground, WELL } from './playground';

const MARKUP = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script><svg/onload=window.pwned=1>';
const ADDRESS = 'javascript:window.pwned=1';

async function expectHarmless(playground: Playground): Promise<void> {
  const found = await playground.page.evaluate(() => ({
    pwned: (window as unknown as { pwned?: number }).pwned ?? null,
    elements: document.querySelectorAll('img[src=x], svg[onload], main script, [onerror]').length,
    links: [...document.querySelectorAll('a[href]')]
      .map((link) => link.getAttribute('href') ?? '')
      .filter((href) => !/^(https?:|\/|#|blob:)/.test(href)),
  }));
  expect(found).toEqual({ pwned: null, elements: 0, links: [] });
}

test('markup that a program prints stays text, on each stream and with colours', async ({ open }) => {
  const playground = await Playground.open(open);
  const source = [
    'import sys',
    `m = ${JSON.stringify(MARKUP)}`,
    `print(m, "${ADDRESS}", "\\x1b[31m" + m + "\\x1b[0m", "\\x1b]8;;${ADDRESS}\\x1b\\\\link\\x1b]8;;\\x1b\\\\")`,
    'print(m, file=sys.stderr)',
    'print("end of it")',
    '',
  ].join('\n');
  await playground.runs(source, WELL);
  await playground.says('end of it');
  // A long line is several rows, which end behind words.
  expect((await playground.output.innerText()).replaceAll(' \n', ' ')).toContain(
    '<img src=x onerror="window.pwned=1">',
  );
  await expectHarmless(playground);
  for (const tab of ['Details', 'Timeline', 'Output']) {
    await playground.tab(tab);
    await expectHarmless(playground);
  }
});

test('markup in messages of the compiler and of exceptions stays text', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.runs(`raise ValueError(${JSON.stringify(MARKUP)})\n`, /Exit status 1/);
  await expectHarmless(playground);
  await playground.choose('C');
  await playground.runs(`#error ${MARKUP}\nint main(void) { return 0; }\n`, /It did not compile/);
  await playground.page.locator('.squiggly-error').first().waitFor();
  await playground.page.locator('.squiggly-error').first().hover({ force: true });
  await expectHarmless(playground);
});

test('markup in every field that one fills in stays text', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.write(`print(${JSON.stringify(MARKUP)})\n`);
  await playground.give(MARKUP);
  await playground.page.getByRole('tab', { name: /^Arguments/ }).click();
  await playground.page
    .getByRole('tabpanel', { name: /^Arguments/ })
    .getByRole('textbox')
    .fill(`'${MARKUP}'`);
  await playground.page.getByRole('button', { name: 'Add a file' }).click();
  const name = playground.page.getByRole('textbox', { name: /^New name of/ });
  await name.fill('<img src=x onerror=window.pwned=1>');
  await name.press('Enter');
  if (await name.isVisible()) await name.press('Escape');
  await expectHarmless(playground);
  await playground.run();
  await playground.ends(WELL);
  await expectHarmless(playground);
  await playground.page.reload();
  await playground.whenReady();
  await playground.whenEditorIsThere();
  await expectHarmless(playground);
});

test('a link with markup for an id says that there is nothing', async ({ open }) => {
  const visit = await open({ path: `/s/${encodeURIComponent('<img src=x onerror=alert(1)>')}` });
  visit.expectProblem(/status of 40[04]/);
  const playground = new Playground(visit);
  await visit.page
    .getByText(/There is no such run|no such submission|gone/i)
    .first()
    .waitFor();
  await expectHarmless(playground);
});

test('ten megabytes of output do not freeze the page', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.limit('Output', '12 MB');
  await playground.write(
    'import sys\nfor i in range(100_000):\n    sys.stdout.write("%099d\\n" % i)\nprint("the end of all")\n',
  );
  const worst = await playground.visit.longestStall(async () => {
    await playground.run();
    await playground.ends(WELL);
    await playground.says('the end of all');
  });
  console.log(
    `FIGURE the longest time without a frame during 10 MB of output was ${Math.round(worst.wall)} ms, the longest task ${Math.round(worst.cpu)} ms`,
  );
  await playground.visit.screenshot('ten-megabytes');
  expect(worst.cpu).toBeLessThan(500);
  const scrolled = await playground.visit.longestStall(async () => {
    await playground.output.focus();
    for (const key of ['Control+Home', 'PageDown', 'PageDown', 'Control+End'])
      await playground.page.keyboard.press(key);
  });
  expect(scrolled.cpu).toBeLessThan(500);
});

test('one line of ten megabytes does not freeze it either', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.limit('Output', '12 MB');
  await playground.write('import sys\nsys.stdout.write("x" * 10_000_000)\nprint(" the end of it")\n');
  const worst = await playground.visit.longestStall(async () => {
    await playground.run();
    await playground.ends(WELL);
  });
  console.log(
    `FIGURE the longest time without a frame during a line of 10 MB was ${Math.round(worst.wall)} ms, the longest task ${Math.round(worst.cpu)} ms`,
  );
  expect(worst.cpu).toBeLessThan(500);
});

test('bytes that are no text, and control characters, are shown and do no harm', async ({ open }) => {
  const playground = await Playground.open(open);
  await playground.runs(
    'import sys\nsys.stdout.buffer.write(b"a\\xff\\xfe\\x00b\\x07\\x08\\x1b[2J\\x1b[Hc\\x1b]0;title\\x07d\\r\\nlast\\n")\n',
    WELL,
  );
  await playground.says('last');
  expect(await playground.page.title()).not.toBe('title');
});
