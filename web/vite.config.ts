// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const COMPRESSED = /\.(js|css|html|svg|json|ttf|woff2?)$/;

/** Lays FILE.gz beside each file that shrinks by it: sentinel-server sends that to whoever understands it. */
function gzipBeside(): Plugin {
  let out = 'dist';
  return {
    name: 'gzip-beside',
    apply: 'build',
    configResolved(config) {
      out = config.build.outDir;
    },
    closeBundle() {
      for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
        if (!COMPRESSED.test(name)) continue;
        const content = readFileSync(join(out, name));
        const zipped = gzipSync(content, { level: constants.Z_BEST_COMPRESSION });
        if (zipped.length < content.length * 0.95) writeFileSync(join(out, `${name}.gz`), zipped);
      }
    },
  };
}

const SERVER = process.env['SENTINEL_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react(), tailwindcss(), gzipBeside()],
  // Licences are named once in a file, not at each icon.
  esbuild: { legalComments: 'eof' },
  // What wouter brings for older versions of it, React has itself.
  resolve: { alias: { 'use-sync-external-store/shim/index.js': 'react' } },
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 4096,
    reportCompressedSize: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(
      ['/api', '/health', '/metrics', '/ws'].map((path) => [path, { target: SERVER, ws: true, changeOrigin: true }]),
    ),
  },
  // 5 s, the usual limit, is nothing beside suites that use the same processors.
  test: {
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['./vitest.setup.ts'],
    restoreMocks: true,
    testTimeout: 60_000,
  },
});
