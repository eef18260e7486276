// SPDX-License-Identifier: MIT
/** Small windows, and pages that are enlarged until little fits into them. */
import type { Locator, Page } from 'playwright-core';
import { expect, test } from './harness';
import { Playground, WELL } from './playground';

/** 320 to 256 is 1280 to 1024 at 400 %. */
const SHORT: [width: number, height: number][] = [
  [1280, 300],
  [844, 390],
  [667, 375],
  [640, 400],
  [320, 256],
];

const tooWide = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

/** Those whose text is wider than they are. */
const cut = (texts: Locator) =>
  texts.evaluateAll((all) =>
    all.filter((one) => one.clientWidth > 0 && one.scrollWidth > one.clientWidth).map((one) => one.textContent),
  );

test('in a short window the output is reached, and the input has room', async ({ open }) => {
  for (const [width, height] of SHORT) {
    const where = `${width} x ${height}`;
    const playground = await Playground.open(open, { viewport: { width, height } });
    const { page, output, visit } = playground;
    await playground.run();
    await playground.ends(WELL);
    await output.scrollIntoViewIfNeeded();
    const log = await output.boundingBox();
    expect(log?.height, where).toBeGreaterThanOrEqual(120);
    await output.getByText('hello, world').scrollIntoViewIfNeeded();
    const isSeen = await output.getByText('hello, world').evaluate((line) => {
      const { x, y, height } = line.getBoundingClientRect();
      return line.contains(document.elementFromPoint(x + 4, y + height / 2));
    });
    expect(isSeen, where).toBe(true);
    await visit.screenshot(`short-${width}`);
    await page.getByRole('button', { name: 'Download output' }).click({ trial: true });
    await page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'Input' }).click();
    await playground.input.scrollIntoViewIfNeeded();
    expect((await playground.input.boundingBox())?.height, where).toBeGreaterThanOrEqual(60);
    expect(await tooWide(page), where).toBeLessThanOrEqual(0);
  }
});

test('at 320 pixels nothing is cut, whatever the language is called and however many tests there are', async ({
  open,
}) => {
  const playground = await Playground.open(open, { viewport: { width: 320, height: 640 } });
  const { page, result, runButton, visit } = playground;
  const fits = async (what: Locator) => {
    const box = await what.boundingBox();
    expect(box && box.x >= 0 && box.x + box.width <= 320, JSON.stringify(box)).toBe(true);
  };
  for (const language of ['Python', 'JavaScript']) {
    await playground.choose(language);
    await playground.whenReady();
    expect(await tooWide(page), language).toBeLessThanOrEqual(0);
    await fits(runButton);
  }
  const show = page.getByRole('group', { name: 'View' });
  await show.getByRole('button', { name: 'Input' }).click();
  for (const name of ['Input', 'Arguments', 'Limits', 'Tests'])
    await fits(page.getByRole('tab', { name, exact: true }));
  await page.getByRole('tab', { name: 'Tests', exact: true }).click();
  for (let i = 0; i < 12; i++) await page.getByRole('button', { name: 'Add a test' }).click();
  await page.getByRole('button', { name: 'Run 12 tests' }).click();
  await result.getByRole('tab', { name: /^Timeline/ }).waitFor();
  for (const tab of await result.getByRole('tab').all()) await fits(tab);
  await fits(page.getByRole('button', { name: 'Run 12 tests' }));
  expect(await tooWide(page)).toBeLessThanOrEqual(0);
  await visit.screenshot('narrow-tests');
});

test('the chosen file and the name that is written are seen whole', async ({ open }) => {
  const playground = await Playground.open(open, { viewport: { width: 1024, height: 700 } });
  const { page, visit } = playground;
  const files = page.getByRole('tablist', { name: 'Files' });
  const isWhole = async (what: Locator) => {
    const [own, row] = [await what.boundingBox(), await files.boundingBox()];
    expect(own && row && own.x >= row.x - 1 && own.x + own.width <= row.x + row.width + 1).toBe(true);
  };
  for (let i = 0; i < 5; i++) {
    await page.getByRole('button', { name: 'Add a file' }).click();
    const field = files.getByRole('textbox');
    await field.fill(`a_rather_long_name_${i}.py`);
    await isWhole(field);
    await field.press('Enter');
    const tab = files.getByRole('tab', { name: `a_rather_long_name_${i}.py` });
    await expect.poll(() => tab.getAttribute('aria-selected')).toBe('true');
    await isWhole(tab);
  }
  await visit.screenshot('many-files');
});

test('the dashboard cuts no text, on a phone and beside others', async ({ open }) => {
  for (const width of [320, 1024, 1280]) {
    const visit = await open({ path: '/dashboard', viewport: { width, height: 900 } });
    const { page } = visit;
    await page.getByText('Queue depth').first().waitFor();
    await page.getByRole('heading', { name: 'Recent failures' }).waitFor();
    expect(await cut(page.locator('dl dt, dl dd > span')), `tiles at ${width}`).toEqual([]);
    expect(await cut(page.getByRole('list', { name: 'Recent failures' }).locator('span')), `${width}`).toEqual([]);
    expect(await tooWide(page)).toBeLessThanOrEqual(0);
    await visit.screenshot(`dashboard-${width}`);
  }
});

test('a finger finds the pages, the logo and the windows of the dashboard', async ({ open }) => {
  for (const width of [320, 390]) {
    const { page } = await open({
      path: '/dashboard',
      viewport: { width, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    await page.getByText('Queue depth').first().waitFor();
    const targets = [
      ...(await page.locator('header').first().getByRole('link').all()),
      ...(await page.getByRole('group', { name: 'Window' }).locator('label').all()),
    ];
    expect(targets).toHaveLength(7);
    for (const target of targets) {
      const box = await target.boundingBox();
      expect(Math.min(box?.height ?? 0, box?.width ?? 0), await target.innerText()).toBeGreaterThanOrEqual(40);
    }
    expect(await tooWide(page)).toBeLessThanOrEqual(0);
  }
});

test('a phone is told of the button, not of keys', async ({ open }) => {
  const playground = await Playground.open(open, {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  await playground.page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'Result' }).tap();
  await playground.result.getByText('Press Run to run it.').waitFor();
  expect(await playground.result.getByText('Enter', { exact: true }).isVisible()).toBe(false);
});
