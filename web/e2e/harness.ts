// SPDX-License-Identifier: MIT
/** `test` with a server and pages in which nothing may go wrong unseen. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, test as base, expect, inject } from 'vitest';
import { SLOW, TOP } from './server';

export { expect } from 'vitest';

const SHOTS = join(TOP, 'build-test', 'web-screenshots');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser | null = null;
async function sharedBrowser(): Promise<Browser> {
  browser ??= await chromium.connect(inject('browser'));
  return browser;
}
afterAll(async () => {
  await browser?.close();
  browser = null;
});

/** A page, and what went wrong in it. */
export class Visit {
  readonly problems: string[] = [];
  private readonly expected: RegExp[] = [];

  constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly origin: string,
  ) {
    this.watch(page);
    context.on('page', (other) => this.watch(other));
    context.on('request', (request) => {
      const url = new URL(request.url());
      const isOurs = url.origin === origin || url.protocol === 'data:' || url.protocol === 'blob:';
      if (!isOurs) this.note(`a request to another host: ${request.url().slice(0, 200)}`);
    });
  }

  private watch(page: Page): void {
    page.on('console', (message) => {
      if (message.type() === 'error') this.note(`console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.note(`uncaught: ${error.stack ?? error.message}`));
    page.on('crash', () => this.note('the page crashed'));
    page.on('dialog', (dialog) => {
      this.note(`a dialog of the browser: ${dialog.message()}`);
      dialog.dismiss().catch(() => undefined);
    });
  }

  private note(problem: string): void {
    this.problems.push(problem);
  }

  /** This one is what the test is about. */
  expectProblem(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  unexpected(): string[] {
    return this.problems.filter((problem) => !this.expected.some((pattern) => pattern.test(problem)));
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(SHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SHOTS, `${name}.png`), animations: 'disabled' });
  }

  /** Nothing against WCAG 2.2 A and AA, nor against good practice, that axe-core finds, in the state that the page is in. */
  async expectAccessible(...exclude: string[]): Promise<void> {
    // Through the browser's debugging interface, which no policy of the page forbids.
    if (!(await this.page.evaluate(() => 'axe' in window))) await this.page.evaluate(AXE);
    const found = await this.page.evaluate(async (without) => {
      const { axe } = window as unknown as { axe: typeof import('axe-core') };
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const result = await axe.run({ exclude: without }, { runOnly: { type: 'tag', values: tags } });
      return result.violations.map(
        ({ id, help, nodes }) =>
          `${id}: ${help}: ${nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary ?? ''}`).join(' | ')}`,
      );
    }, exclude);
    expect(found).toEqual([]);
  }

  /**
   * How long the page did not answer at worst, in ms, while `act` went on. `cpu` is the longest task of its main thread
   * by the processor time that it took, which does not depend on what else the machine has to do; `wall` is the longest
   * time without a frame.
   */
  async longestStall(act: () => Promise<void>): Promise<{ cpu: number; wall: number }> {
    const browser = await sharedBrowser();
    await this.page.evaluate(() => {
      const watch = { last: performance.now(), worst: 0, isOn: true };
      (window as unknown as { stall: typeof watch }).stall = watch;
      const frame = (now: number) => {
        watch.worst = Math.max(watch.worst, now - watch.last);
        watch.last = now;
        if (watch.isOn) requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    let trace: Buffer;
    await browser.startTracing(this.page, { categories: ['toplevel'] });
    try {
      await act();
    } finally {
      trace = await browser.stopTracing();
    }
    const wall = await this.page.evaluate(async () => {
      const { stall } = window as unknown as { stall: { last: number; worst: number; isOn: boolean } };
      // what still waits for its turn belongs to it
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      stall.isOn = false;
      return Math.max(stall.worst, performance.now() - stall.last);
    });
    return { cpu: longestTask(trace), wall };
  }
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  tdur?: number;
  args?: { name?: string };
}

/** Of the main threads of pages: the most processor time that one task took, in ms. */
function longestTask(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as { traceEvents: TraceEvent[] };
  const place = (event: TraceEvent) => `${event.pid} ${event.tid}`;
  const mains = new Set(
    traceEvents
      .filter((event) => event.ph === 'M' && event.name === 'thread_name' && event.args?.name === 'CrRendererMain')
      .map(place),
  );
  const tasks = traceEvents.filter((event) => event.ph === 'X' && event.tdur !== undefined && mains.has(place(event)));
  if (tasks.length === 0) throw new Error('the browser traced no task of the page');
  return Math.max(...tasks.map((event) => event.tdur ?? 0)) / 1000;
}

export interface Opening extends BrowserContextOptions {
  /** Of another server than the shared one. */
  origin?: string;
  path?: string;
  /** To be called with the context before the page is there. */
  prepare?: (context: BrowserContext) => Promise<unknown>;
}

interface Fixtures {
  /** The shared server's address. */
  origin: string;
  open: (opening?: Opening) => Promise<Visit>;
}

export const test = base.extend<Fixtures>({
  // eslint-disable-next-line no-empty-pattern
  origin: async ({}, use) => use(inject('server')),
  open: async ({ origin, task }, use) => {
    const visits: Visit[] = [];
    await use(async ({ origin: other, path = '/', prepare, ...options }: Opening = {}) => {
      const context = await (
        await sharedBrowser()
      ).newContext({
        viewport: { width: 1440, height: 900 },
        permissions: ['clipboard-read', 'clipboard-write'],
        ...options,
      });
      context.setDefaultTimeout(20_000 * SLOW);
      await prepare?.(context);
      const visit = new Visit(context, await context.newPage(), other ?? origin);
      visits.push(visit);
      await visit.page.goto(visit.origin + path);
      return visit;
    });
    const problems = visits.flatMap((visit) => visit.unexpected());
    if (problems.length > 0 || task.result?.state === 'fail') {
      const name = task.name.replace(/[^a-z0-9]+/gi, '-').slice(0, 80);
      for (const [i, visit] of visits.entries()) {
        await visit.screenshot(`failed-${name}${i ? `-${i}` : ''}`).catch(() => undefined);
      }
    }
    for (const visit of visits) await visit.context.close();
    expect(problems, 'what went wrong in the pages').toEqual([]);
  },
});
