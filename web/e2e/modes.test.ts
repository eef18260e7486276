// SPDX-License-Identifier: MIT
/** Paper, and systems that force colours of their own. */
import type { Locator } from 'playwright-core';
import { expect, test } from './harness';
import { Playground, WELL } from './playground';

const ground = (what: Locator) => what.evaluate((one) => getComputedStyle(one).backgroundColor);

for (const colorScheme of ['dark', 'light'] as const) {
  test(`with forced colours, what is chosen and focused can be told, ${colorScheme}`, async ({ open }) => {
    const playground = await Playground.open(open, {
      forcedColors: 'active',
      colorScheme,
      // A choice of the other theme would leave its colours on the system's ground.
      prepare: (context) => context.addInitScript(() => localStorage.setItem('sentinel.theme.1', 'dark')),
    });
    const { page, visit } = playground;
    await playground.whenEditorIsThere();
    await page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe(colorScheme);
    const editor = colorScheme === 'dark' ? '.hc-black' : '.hc-light';
    await page.locator(`.monaco-editor${editor}`).first().waitFor();

    const selected = await page.evaluate(() => {
      const probe = document.body.appendChild(document.createElement('i'));
      probe.style.cssText = 'forced-color-adjust: none; background: SelectedItem';
      const colour = getComputedStyle(probe).backgroundColor;
      probe.remove();
      return colour;
    });
    const chosen = [
      page.getByRole('link', { name: 'Playground', exact: true }),
      page.locator('label', { has: page.getByRole('radio', { checked: true }) }),
      page.getByRole('tab', { name: 'main.py' }),
      page.getByRole('tab', { name: 'Input', exact: true }),
    ];
    for (const one of chosen) await expect.poll(() => ground(one.first()), { message: String(one) }).toBe(selected);
    expect(await ground(page.getByRole('tab', { name: 'Limits' }))).not.toBe(selected);

    const toggle = page.getByRole('switch', { name: 'Type while it runs' });
    const off = await ground(toggle.locator('span').first());
    await toggle.click();
    await expect.poll(() => ground(toggle.locator('span').first())).toBe(selected);
    expect(off).not.toBe(selected);

    const canvas = await ground(page.locator('body'));
    for (const edge of await page.getByRole('separator').all()) {
      expect(await ground(edge.locator('span'))).not.toBe(canvas);
    }
    await page.getByRole('button', { name: /^Language/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => ground(page.locator('[data-menu-item]:focus'))).toBe(selected);
    await visit.screenshot(`forced-${colorScheme}`);
    await page.keyboard.press('Escape');
  });
}

test('on paper stand code and output, all of it, dark on light, and nothing to click', async ({ open }) => {
  const playground = await Playground.open(open, { colorScheme: 'dark' });
  const { page, result, visit } = playground;
  const source = `for i in range(400):\n    print("line", i)\n${'# more\n'.repeat(80)}# the end\n`;
  await playground.runs(source, WELL);
  await page.evaluate(() => {
    const told: Record<string, unknown> = {};
    window.addEventListener('beforeprint', () => {
      told['theme'] = document.documentElement.dataset['theme'];
      told['rows'] = document.querySelectorAll('.console-row').length;
      told['code'] = document.querySelector('pre')?.textContent;
    });
    (window as unknown as { told: unknown }).told = told;
  });
  await page.pdf({ format: 'A4' });
  const told = await page.evaluate(() => (window as unknown as { told: Record<string, unknown> }).told);
  expect(told).toMatchObject({ theme: 'light', rows: 400 });
  expect(told['code']).toContain('# the end');
  // It is as it was again.
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');

  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 718, height: 1000 });
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  await visit.screenshot('paper');
  for (const gone of [playground.runButton, page.getByRole('tablist').first(), page.getByRole('button').first()]) {
    expect(await gone.isVisible()).toBe(false);
  }
  const [log, whole] = await Promise.all([
    playground.output.boundingBox(),
    page.evaluate(() => document.documentElement.scrollHeight),
  ]);
  expect(log?.height).toBeGreaterThan(400 * 18);
  expect(whole, 'the document is as high as what is in it').toBeGreaterThan((log?.height ?? 0) + 80 * 18);
  expect(await result.getByText(WELL, { exact: true }).isVisible()).toBe(true);
});
