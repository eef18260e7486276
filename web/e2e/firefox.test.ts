// SPDX-License-Identifier: MIT
/**
 * The ways of the others that another engine may take differently, in Debian's Firefox: by puppeteer-core, since
 * playwright-core drives no Firefox but its own.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { SLOW, TOP } from './server';
import { WELL } from './playground';

const FIREFOX = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr';
const SHOTS = join(TOP, 'build-test', 'web-screenshots');
const PATIENCE = { timeout: 45_000 * SLOW };

describe.skipIf(!existsSync(FIREFOX))('Firefox', () => {
  let browser: Browser;
  let home: string;
  let problems: string[];

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'sentinel-firefox-'));
    browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: FIREFOX,
      env: { ...process.env, HOME: home },
    });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(home, { recursive: true, force: true });
  });

  async function open(path = '/', viewport = { width: 1440, height: 900 }): Promise<Page> {
    const page = await (await browser.createBrowserContext()).newPage();
    problems = [];
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    page.setDefaultTimeout(PATIENCE.timeout);
    await page.setViewport(viewport);
    await page.goto(inject('server') + path);
    return page;
  }

  async function close(page: Page, shot: string): Promise<void> {
    mkdirSync(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, `firefox-${shot}.png`) });
    await page.browserContext().close();
    expect(problems).toEqual([]);
  }

  const says = (page: Page, text: string) =>
    page.waitForFunction((wanted) => document.body.innerText.includes(wanted), PATIENCE, text);
  const click = (page: Page, role: string, name: string) =>
    page.locator(`::-p-aria([role="${role}"][name="${name}"])`).click();

  /** In the place of all that is there; typed, as a person does: the editor closes brackets, and types over them. */
  async function write(page: Page, source: string): Promise<void> {
    await page.waitForSelector('[data-editor=ready]');
    await page.focus('[data-editor] [role=textbox]');
    await chord(page, 'a');
    await page.keyboard.type(source);
  }
  async function chord(page: Page, key: 'a' | 'Enter'): Promise<void> {
    await page.keyboard.down('Control');
    await page.keyboard.press(key);
    await page.keyboard.up('Control');
  }

  test('what is typed is run, and its output shown', async () => {
    const page = await open();
    await write(page, 'print(6 * 7, "answers")');
    await chord(page, 'Enter');
    await says(page, WELL);
    await says(page, '42 answers');
    await close(page, 'success');
  });

  test('an error of the compiler is marked in the editor', async () => {
    const page = await open();
    await click(page, 'button', 'Examples');
    await page.locator('[role=menu] [role=group][aria-label=C] [role=menuitem]::-p-text(Does not compile)').click();
    await chord(page, 'Enter');
    await says(page, 'It did not compile');
    await page.waitForSelector('.squiggly-error');
    await close(page, 'compile-error');
  });

  test('one types while the program runs, and it goes on', async () => {
    const page = await open();
    await write(page, 'print("name?"); print("hello", input())');
    await click(page, 'switch', 'Type while it runs');
    await chord(page, 'Enter');
    await says(page, 'name?');
    await page.locator('[aria-label^="Type input for the program"]').fill('Ada');
    await page.keyboard.press('Enter');
    await says(page, 'hello Ada');
    await says(page, WELL);
    await close(page, 'typed');
  });

  test('on a phone nothing is cut off', async () => {
    const page = await open('/', { width: 390, height: 844 });
    await page.waitForSelector('[data-editor=ready]');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
    await close(page, 'phone');
  });

  test('the dashboard draws its charts', async () => {
    const page = await open('/dashboard');
    await page.waitForSelector('canvas');
    await says(page, 'Queue');
    await close(page, 'dashboard');
  });
});
