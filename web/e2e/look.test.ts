// SPDX-License-Identifier: MIT
/** Themes, sizes, keyboard, screen readers. */
import { expect, test } from './harness';
import { Playground, WELL } from './playground';

const SIZES = {
  wide: { width: 1440, height: 900 },
  tablet: { width: 1024, height: 768 },
  phone: { width: 390, height: 844 },
};

for (const theme of ['dark', 'light'] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`the playground is accessible and fits, ${theme}, ${size}`, async ({ open }) => {
      const playground = await Playground.open(open, {
        viewport,
        prepare: (context) =>
          context.addInitScript((value) => {
            for (const key of ['sentinel.theme', 'sentinel.theme.1']) localStorage.setItem(key, value);
          }, theme),
        colorScheme: theme,
      });
      const { visit, page } = playground;
      await playground.whenEditorIsThere();
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await visit.screenshot(`playground-${theme}-${size}`);
      await visit.expectAccessible();
      await playground.run();
      await playground.ends(WELL);
      await visit.screenshot(`result-${theme}-${size}`);
      await visit.expectAccessible();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow, 'nothing is wider than the window').toBeLessThanOrEqual(0);
    });
  }
}

test('the theme is switched, and kept', async ({ open }) => {
  const { page } = await open({ colorScheme: 'dark' });
  const theme = () => page.evaluate(() => document.documentElement.dataset['theme']);
  const before = await theme();
  for (let i = 0; i < 3 && (await theme()) === before; i++) {
    const light = page
      .getByRole('radio', { name: 'Light' })
      .or(page.getByRole('button', { name: /theme/i }))
      .first();
    await light.click();
  }
  expect(await theme()).not.toBe(before);
  const chosen = await theme();
  await page.reload();
  expect(await theme()).toBe(chosen);
});

test('on a phone, Run leads to the result and back', async ({ open }) => {
  const playground = await Playground.open(open, { viewport: SIZES.phone, hasTouch: true, isMobile: true });
  const { page } = playground;
  await page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'Code', pressed: true }).waitFor();
  await playground.runButton.tap();
  await page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'Result', pressed: true }).waitFor();
  await playground.ends(WELL);
  await page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'Input' }).tap();
  await playground.input.waitFor();
  await playground.visit.screenshot('phone-input');
  await playground.visit.expectAccessible();
  expect(await playground.runButton.isVisible()).toBe(true);
});

test('on a phone, figures are whole and buttons large enough for a finger', async ({ open }) => {
  const playground = await Playground.open(open, { viewport: SIZES.phone, hasTouch: true, isMobile: true });
  const { page, result } = playground;
  await playground.runButton.tap();
  await playground.ends(WELL);
  const cut = await result
    .locator('.figures *')
    .evaluateAll((all) =>
      all.filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).map((one) => one.textContent),
    );
  expect(cut).toEqual([]);
  const right = await result.locator('.figures').evaluate((one) => {
    const edges = [...one.querySelectorAll('span')].map((each) => each.getBoundingClientRect().right);
    return Math.max(...edges) - one.getBoundingClientRect().right;
  });
  expect(right, 'no figure is wider than its place').toBeLessThanOrEqual(0);
  for (const button of await result.getByRole('button').all()) {
    const box = await button.boundingBox();
    expect(Math.min(box?.height ?? 0, box?.width ?? 0), await button.innerText()).toBeGreaterThanOrEqual(40);
  }
  await page.waitForTimeout(100);
  await playground.visit.screenshot('phone-figures');
});

test('on a phone, nothing is cut off or covered, and what one taps is large enough', async ({ open }) => {
  const playground = await Playground.open(open, { viewport: SIZES.phone, hasTouch: true, isMobile: true });
  const { page, visit } = playground;
  await page.getByRole('button', { name: 'Examples' }).tap();
  const menu = await page.getByRole('menu', { name: 'Examples' }).boundingBox();
  expect(menu && menu.x >= 0 && menu.x + menu.width <= SIZES.phone.width, JSON.stringify(menu)).toBe(true);
  await visit.screenshot('phone-examples');
  await page.keyboard.press('Escape');
  for (const button of await page.getByRole('group', { name: 'Playground' }).getByRole('button').all()) {
    const box = await button.boundingBox();
    expect(Math.min(box?.height ?? 0, box?.width ?? 0), await button.innerText()).toBeGreaterThanOrEqual(40);
    expect(await button.getAttribute('title')).not.toBeNull();
  }
  await page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'Input' }).tap();
  const toggle = page.getByRole('switch', { name: 'Type while it runs' });
  await toggle.waitFor();
  for (const name of ['Input', 'Arguments', 'Limits', 'Tests']) {
    const tab = page.getByRole('tab', { name, exact: true });
    const box = await tab.boundingBox();
    // What is at its middle is itself.
    const isFree = await tab.evaluate((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return element.contains(document.elementFromPoint(x + width - 4, y + height / 2));
    });
    expect(isFree && box && box.x + box.width <= SIZES.phone.width, name).toBe(true);
  }
});

test('by the keyboard alone: write, run, leave the editor, reach the result', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page, visit } = playground;
  await playground.whenEditorIsThere();
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest('[data-editor]') !== null)).toBe(true);
  await page.keyboard.press('Control+A');
  await page.keyboard.type('print(6 * 7, "by keys');
  await page.keyboard.press('Control+Enter');
  await playground.ends(WELL);
  await playground.says('42 by keys');
  await page.getByRole('tabpanel', { name: 'Editor' }).click();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  const hint = page.getByText('Tab indents. Escape, then Tab, leaves the editor.', { exact: true });
  await hint.waitFor();
  await visit.screenshot('tab-hint');
  await page.keyboard.press('Escape');
  await hint.waitFor({ state: 'hidden' });
  const visited: string[] = [];
  for (let i = 0; i < 40 && !visited.includes('log'); i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      const isSeen = element !== null && element !== document.body && element.getClientRects().length > 0;
      return { role: element?.getAttribute('role') ?? element?.tagName.toLowerCase() ?? '', isSeen };
    });
    expect(at.isSeen, `what has the focus can be seen (${visited.join(', ')}, ${at.role})`).toBe(true);
    visited.push(at.role);
  }
  expect(visited).toContain('log');
});

test('the key dialog opens, is accessible, and closes by Escape', async ({ open }) => {
  const visit = await open();
  await visit.page.getByRole('button', { name: /^API key/ }).click();
  const dialog = visit.page.getByRole('dialog');
  await dialog.getByText('Ask whoever runs this server for an API key.').waitFor();
  // What an operator types is no visitor's affair.
  expect(await dialog.getByText('keys create').isVisible()).toBe(false);
  await dialog.getByText('You run this server?').click();
  await dialog.getByText('keys create').waitFor();
  await visit.screenshot('key-dialog');
  await visit.expectAccessible();
  await visit.page.keyboard.press('Escape');
  await visit.page.getByRole('dialog').waitFor({ state: 'hidden' });
});

test('what is nowhere says so', async ({ open }) => {
  const visit = await open({ path: '/nowhere' });
  await visit.page.getByRole('heading', { level: 1 }).waitFor();
  await visit.screenshot('nowhere');
  await visit.expectAccessible();
});

test('nothing jumps when a run begins and ends', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page, output } = playground;
  const places = async () => {
    const share = await page.getByRole('button', { name: 'Share' }).boundingBox();
    const log = await output.boundingBox();
    return { share: share?.x, log: log?.y };
  };
  await playground.runs('print(1)\n', WELL);
  const before = await places();
  await playground.write('import time\ntime.sleep(3)\n');
  await playground.run();
  await playground.result.getByText('Running').first().waitFor();
  expect(await places()).toEqual(before);
  await playground.ends(WELL);
  expect(await places()).toEqual(before);
});

test('whether lines are wrapped is told by more than ink, and the input line shows its focus', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page } = playground;
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await playground.typeWhileItRuns();
  await playground.write('input()\n');
  await playground.run();
  await playground.inputLine.waitFor();
  await expect.poll(() => playground.inputLine.evaluate((line) => getComputedStyle(line).outlineStyle)).toBe('solid');
  const wrap = page.getByRole('button', { name: 'Wrap lines' });
  const edge = () => wrap.evaluate((button) => getComputedStyle(button).boxShadow);
  expect(await edge()).toContain('inset');
  await wrap.click();
  await wrap.hover();
  expect(await edge()).toBe('none');
  await playground.inputLine.press('Enter');
  await playground.ends(WELL);
});
