// SPDX-License-Identifier: MIT
/** The playground as whoever uses it sees it: by roles and labels. */
import type { Locator, Page } from 'playwright-core';
import type { Opening, Visit } from './harness';
import { SLOW } from './server';

/** How long a program may take until its end is seen, on a machine that is busy with other things. */
const RUN_MS = 45_000 * SLOW;

export class Playground {
  readonly page: Page;
  readonly runButton: Locator;
  readonly stopButton: Locator;
  readonly result: Locator;
  readonly output: Locator;
  readonly input: Locator;
  readonly editor: Locator;
  readonly inputLine: Locator;

  constructor(readonly visit: Visit) {
    const { page } = visit;
    this.page = page;
    this.runButton = page.getByRole('button', { name: /^Run\b/ });
    this.stopButton = page.getByRole('button', { name: /^Stop/ });
    this.result = page.getByRole('region', { name: 'Result' });
    this.output = this.result.getByRole('log');
    this.input = page.getByRole('textbox', { name: 'Input of the program' });
    this.editor = page.getByRole('textbox', { name: /^Source code/ });
    this.inputLine = page.getByRole('textbox', { name: /^Type input for the program/ });
  }

  /** Open, and ready to run. */
  static async open(open: (opening?: Opening) => Promise<Visit>, opening?: Opening): Promise<Playground> {
    const playground = new Playground(await open(opening));
    await playground.whenReady();
    return playground;
  }

  async whenReady(): Promise<void> {
    await this.page.getByRole('button', { name: /^Run\b/, disabled: false }).waitFor();
  }

  /** The editor proper, not the text field that stands in for it. */
  async whenEditorIsThere(): Promise<void> {
    await this.page.locator('[data-editor=ready]').waitFor({ timeout: 30_000 * SLOW });
  }

  async choose(language: string): Promise<void> {
    await this.page.getByRole('button', { name: /^Language/ }).click();
    await this.page
      .getByRole('menuitemradio', { name: new RegExp(`^${language.replace(/[+.]/g, '\\$&')}(?![\\w+#])`) })
      .click();
    await this.page
      .getByRole('button', { name: new RegExp(`^Language: ${language.replace(/[+.]/g, '\\$&')}`) })
      .waitFor();
  }

  async example(language: string, title: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Examples' }).click();
    await this.page
      .getByRole('menu', { name: 'Examples' })
      .getByRole('group', { name: language, exact: true })
      .getByRole('menuitem', { name: new RegExp(`^${title}`) })
      .click();
  }

  /** In the place of all that is there; pasted, so that the editor indents nothing and closes no brackets. */
  async write(source: string): Promise<void> {
    await this.whenEditorIsThere();
    await this.editor.focus();
    await this.page.keyboard.press('Control+A');
    await this.page.evaluate((text) => navigator.clipboard.writeText(text), source);
    await this.page.keyboard.press('Control+V');
  }

  async give(input: string): Promise<void> {
    await this.page.getByRole('tab', { name: 'Input', exact: true }).click();
    await this.input.fill(input);
  }

  async limit(name: 'Time' | 'Memory' | 'Processes' | 'Output', value: string): Promise<void> {
    await this.page.getByRole('tab', { name: /^Limits/ }).click();
    await this.page.getByRole('textbox', { name, exact: true }).fill(value);
  }

  async typeWhileItRuns(): Promise<void> {
    await this.page.getByRole('tab', { name: 'Input', exact: true }).click();
    const toggle = this.page.getByRole('switch', { name: 'Type while it runs' });
    if ((await toggle.getAttribute('aria-checked')) !== 'true') await toggle.click();
  }

  async run(): Promise<void> {
    await this.runButton.click();
  }

  /** Writes, runs, and waits for the end. */
  async runs(source: string, sentence: string | RegExp): Promise<void> {
    await this.write(source);
    await this.run();
    await this.ends(sentence);
  }

  /** The sentence that says how it ended. */
  async ends(sentence: string | RegExp): Promise<void> {
    await this.result.getByText(sentence).first().waitFor({ timeout: RUN_MS });
  }

  async says(text: string | RegExp): Promise<void> {
    await this.output.getByText(text).first().waitFor({ timeout: RUN_MS });
  }

  async tab(name: string): Promise<void> {
    await this.result.getByRole('tab', { name: new RegExp(`^${name}`) }).click();
  }
}

export const WELL = 'It ended by itself, with exit status 0.';
