// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { DIST, Server } from './server';

declare module 'vitest' {
  export interface ProvidedContext {
    server: string;
    browser: string;
  }
}

/** What the whole run shares: one server and one browser. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(join(DIST, 'index.html'))) throw new Error('web/dist is not there: npm run build');
  const server = await Server.start();
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  const browser = await chromium
    /* Chromium's own sandbox refuses root, as whom sandboxes with every layer are made. */
    .launchServer({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
    .catch(async (error: unknown) => {
      await server.remove();
      throw error;
    });
  project.provide('server', server.url);
  project.provide('browser', browser.wsEndpoint());
  return async () => {
    await browser.close();
    await server.remove();
  };
}
