// SPDX-License-Identifier: MIT
/** Test cases, share links and history. */
import { expect, test } from './harness';
import { Playground, WELL } from './playground';

const SUM = 'a, b = map(int, input().split())\nprint(a + b)\n';

async function addCase(playground: Playground, number: number, input: string, expected: string): Promise<void> {
  const { page } = playground;
  const tests = page.getByRole('region', { name: 'Test cases' });
  await tests.getByRole('button', { name: 'Add a test' }).click();
  await tests.getByRole('textbox', { name: `Input of test ${number}` }).fill(input);
  await tests.getByRole('textbox', { name: `Expected output of test ${number}` }).fill(expected);
}

test('test cases: the wrong one is shown with its difference', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page, result, visit } = playground;
  await playground.write(SUM);
  await page
    .getByRole('tab', { name: /^Tests/ })
    .first()
    .click();
  await addCase(playground, 1, '1 2\n', '3\n');
  await addCase(playground, 2, '2 2\n', '5\n');
  await addCase(playground, 3, '-1 1\n', '0\n');
  const toggle = page.getByRole('switch', { name: 'Run the tests' });
  if ((await toggle.getAttribute('aria-checked')) !== 'true') await toggle.click();
  await page.getByRole('button', { name: 'Run 3 tests' }).click();
  await playground.ends('Test 2 of 3 printed something else.');
  await playground.tab('Tests');
  const results = result.getByRole('list', { name: 'Test results' });
  expect(await results.getByText('Success').count()).toBe(2);
  expect(await results.getByText('Wrong answer').count()).toBe(1);
  await result
    .getByText(/2 of 3 passed/)
    .first()
    .waitFor();
  const difference = result.getByRole('group', { name: 'Difference' });
  await difference.getByText('5').first().waitFor();
  await difference.getByText('4').first().waitFor();
  await visit.screenshot('test-cases');
  await visit.expectAccessible();
});

test('a whole case is seen at once', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page } = playground;
  await page
    .getByRole('tab', { name: /^Tests/ })
    .first()
    .click();
  await addCase(playground, 1, '1 2\n', '3\n');
  await addCase(playground, 2, '2 2\n', '4\n');
  const tests = page.getByRole('region', { name: 'Test cases' });
  const first = tests.getByRole('listitem', { name: 'test 1', exact: true });
  await first.getByRole('button', { name: /^Test 1/ }).click();
  await first.evaluate((one) => {
    for (let box: Element | null = one; box; box = box.parentElement) box.scrollTop = 0;
  });
  await playground.visit.screenshot('case-editor');
  const [input, expected, whole] = await Promise.all([
    tests.getByRole('textbox', { name: 'Input of test 1' }).boundingBox(),
    tests.getByRole('textbox', { name: 'Expected output of test 1' }).boundingBox(),
    first.boundingBox(),
  ]);
  expect(input?.y).toBe(expected?.y);
  expect(input?.height).toBeGreaterThanOrEqual(66);
  const fold = await tests.evaluate((one) => {
    let bottom = window.innerHeight;
    for (let box = one.parentElement; box; box = box.parentElement) {
      bottom = Math.min(bottom, box.getBoundingClientRect().bottom);
    }
    return bottom;
  });
  expect((whole?.y ?? 0) + (whole?.height ?? Infinity)).toBeLessThanOrEqual(fold);
});

test('markup in test cases, theirs and the program’s, stays text', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page, result } = playground;
  const markup = '<img src=x onerror="window.pwned=1">';
  await playground.write(`print(${JSON.stringify(markup)} + input())\n`);
  await page
    .getByRole('tab', { name: /^Tests/ })
    .first()
    .click();
  await addCase(playground, 1, `${markup}\n`, `${markup}\n`);
  await page.getByRole('textbox', { name: 'Name of test 1' }).fill(markup);
  const toggle = page.getByRole('switch', { name: 'Run the tests' });
  if ((await toggle.getAttribute('aria-checked')) !== 'true') await toggle.click();
  await playground.run();
  await playground.ends(/printed something else/);
  await result.getByRole('group', { name: 'Difference' }).waitFor();
  const harm = await page.evaluate(() => ({
    pwned: (window as unknown as { pwned?: number }).pwned ?? null,
    images: document.querySelectorAll('img[src=x], [onerror]').length,
  }));
  expect(harm).toEqual({ pwned: null, images: 0 });
});

test('a link to a run shows its code and its result in another browser', async ({ open, origin }) => {
  const first = await Playground.open(open);
  await first.runs('print("shared", 6 * 7)\n', WELL);
  await first.page.getByRole('button', { name: 'Share' }).click();
  await first.page.getByText('Link copied').first().waitFor();
  const link = await first.page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(new RegExp(`^${origin}/s/[0-9a-f-]{36}$`));
  const other = new Playground(await open({ path: new URL(link).pathname }));
  await other.ends(WELL);
  await other.says('shared 42');
  await other.whenEditorIsThere();
  await other.page.getByRole('tabpanel', { name: 'Editor' }).getByText('shared').first().waitFor();
  // What the server kept of it is what was written.
  expect(await other.result.getByRole('note').count()).toBe(0);
  await other.visit.screenshot('shared-link');
});

test('a link to nothing says so', async ({ open }) => {
  const visit = await open({ path: '/s/0199c2a5-0000-7000-8000-000000000000' });
  visit.expectProblem(/status of 404/);
  await visit.page
    .getByText(/no such|gone/i)
    .first()
    .waitFor();
  await visit.screenshot('shared-gone');
});
