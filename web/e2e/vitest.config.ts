// SPDX-License-Identifier: MIT
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const slow = Number(process.env['SN_TEST_SLOW'] ?? 1) || 1;

/* One server, one browser, two processors: files come one after the other, in one process. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    environment: 'node',
    include: ['*.test.ts'],
    globalSetup: ['./setup.ts'],
    pool: 'forks',
    poolOptions: { forks: { singleFork: true } },
    fileParallelism: false,
    testTimeout: 60_000 * slow,
    hookTimeout: 60_000 * slow,
    teardownTimeout: 60_000 * slow,
  },
});
