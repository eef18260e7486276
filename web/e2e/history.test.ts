// SPDX-License-Identifier: MIT
/** What was run before. */
import { expect, test } from './harness';
import { Playground, WELL } from './playground';

test('earlier runs are listed, outlive a reload, and come back with code and result', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page, visit } = playground;
  await playground.runs('print("the first")\n', WELL);
  await playground.runs('print("the second")\nraise SystemExit(3)\n', /Exit status 3/);
  await page.reload();
  await playground.whenReady();
  await page.getByRole('button', { name: 'History' }).click();
  const history = page.getByRole('dialog', { name: 'History' });
  const lines = history.getByRole('list', { name: 'Earlier runs' }).getByRole('listitem');
  await lines.filter({ hasText: 'Runtime error' }).waitFor();
  await lines.filter({ hasText: 'Success' }).waitFor();
  expect(await lines.count()).toBe(2);
  const search = history.getByRole('searchbox');
  await lines.filter({ hasText: 'print("the first")' }).waitFor();
  await search.fill('the second');
  await expect.poll(() => lines.count()).toBe(1);
  await search.fill('');
  await visit.screenshot('history');
  await visit.expectAccessible();
  await history.getByRole('combobox', { name: 'Status' }).selectOption({ label: 'Success' });
  await expect.poll(() => lines.count()).toBe(1);
  await lines.filter({ hasText: 'Success' }).getByRole('button').click();
  await history.waitFor({ state: 'hidden' });
  await playground.ends(WELL);
  await playground.says('the first');
  await page.getByRole('tabpanel', { name: 'Editor' }).getByText('the first').first().waitFor();
});

test('another browser has a history of its own', async ({ open }) => {
  const first = await Playground.open(open);
  await first.runs('print("mine")\n', WELL);
  const other = await Playground.open(open);
  await other.page.getByRole('button', { name: 'History' }).click();
  const history = other.page.getByRole('dialog', { name: 'History' });
  await history
    .getByText(/nothing|no runs|not run|yet/i)
    .first()
    .waitFor();
  expect(await history.getByRole('listitem').count()).toBe(0);
  await other.visit.screenshot('history-empty');
});
