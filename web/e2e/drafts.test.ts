// SPDX-License-Identifier: MIT
/** What somebody wrote is not lost. */
import { text } from 'node:stream/consumers';
import type { Page } from 'playwright-core';
import { expect, test, Visit } from './harness';
import { Playground, WELL } from './playground';

const hasCode = (page: Page, text: string) =>
  page.getByRole('tabpanel', { name: 'Editor' }).getByText(text).first().waitFor();

async function another({ context, origin }: Visit, path = '/'): Promise<Playground> {
  const playground = new Playground(new Visit(context, await context.newPage(), origin));
  await playground.page.goto(origin + path);
  await playground.whenReady();
  return playground;
}

/** Until what was written is kept, which takes a moment. */
const whenKept = (page: Page, text: string) =>
  page.waitForFunction((code) => (localStorage.getItem('sentinel.draft.python') ?? '').includes(code), text);

test('a tab that nobody touched does not take back what another one wrote', async ({ open }) => {
  const idle = await Playground.open(open);
  await idle.write('print("old")\n');
  await whenKept(idle.page, 'old');
  const busy = await another(idle.visit);
  await hasCode(busy.page, 'old');
  await busy.write('print("new")\n');
  await whenKept(busy.page, 'new');
  await busy.page.close();
  await hasCode(idle.page, 'new');
  await idle.page.goto('about:blank');
  const third = await another(idle.visit);
  await hasCode(third.page, 'new');
});

test('what was made of a shared run outlives reloads', async ({ open }) => {
  const author = await Playground.open(open);
  await author.runs('print("shared")\n', WELL);
  await author.page.getByRole('button', { name: 'Share' }).click();
  await author.page.getByText('Link copied').waitFor();
  const link = await author.page.evaluate(() => navigator.clipboard.readText());

  const visitor = await Playground.open(open, { path: new URL(link).pathname });
  await hasCode(visitor.page, 'shared');
  await visitor.write('print("mended")\n');
  await whenKept(visitor.page, 'mended');
  for (let i = 0; i < 2; i++) {
    await visitor.page.reload();
    await visitor.page.getByText('This is your code, not the shared one.').waitFor();
    await hasCode(visitor.page, 'mended');
  }
  const later = await another(visitor.visit, new URL(link).pathname);
  await hasCode(later.page, 'mended');
  await later.page.getByRole('button', { name: 'Take the shared code' }).click();
  await hasCode(later.page, 'shared');
  await later.page.getByRole('button', { name: 'Undo' }).click();
  await hasCode(later.page, 'mended');
});

test('a damaged draft is put aside, and the others are there', async ({ open }) => {
  const playground = await Playground.open(open);
  const { page } = playground;
  await page.evaluate(() => {
    const drafts = {
      python: { tabs: [null] },
      c: { tabs: [{ key: 'a', name: 'main.c', content: '/* good */' }], limits: null, cases: null },
      go: null,
    };
    localStorage.setItem('sentinel.workspace.1', JSON.stringify({ language: 'python', drafts }));
  });
  await page.reload();
  await playground.whenReady();
  await page.getByText(/\(go, python\) was damaged/).waitFor();
  await playground.choose('C');
  await playground.write('/* good, and more */');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save what was put aside' }).click();
  const stream = await (await download).createReadStream();
  const saved = JSON.parse(await text(stream)) as Record<string, string>;
  expect(saved['python']).toContain('[null]');
  expect(Object.keys(saved).sort()).toEqual(['go', 'python']);
  await playground.choose('C');
  await hasCode(page, 'good');
  await page.getByRole('tab', { name: /^Limits/ }).click();
  await page.getByRole('textbox', { name: 'Memory', exact: true }).waitFor();
  await page.reload();
  await playground.whenReady();
  await hasCode(page, 'good');
  expect(await page.getByText(/was damaged/).count()).toBe(0);
});

test('code of a language that the server does not have is there, and why it cannot be run', async ({ open }) => {
  // Before any page is there: one that begins keeps its own language.
  const { page } = await open({
    prepare: (context) =>
      context.addInitScript(() => {
        const draft = { tabs: [{ key: 'a', name: 'main.cob', content: 'DISPLAY 1' }] };
        localStorage.setItem('sentinel.draft.cobol', JSON.stringify({ draft }));
        localStorage.setItem('sentinel.language', 'cobol');
      }),
  });
  await page.getByText('This server has no COBOL now. Your code is kept; choose another language.').waitFor();
  await hasCode(page, 'DISPLAY');
  expect(await page.getByRole('button', { name: /^Run\b/ }).isDisabled()).toBe(true);
});
