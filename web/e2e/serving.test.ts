// SPDX-License-Identifier: MIT
/** How the files get to the browser; nothing of what the pages do. */
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from './harness';
import { DIST, Server } from './server';

test('the page comes up at each of its places without an error', async ({ open }) => {
  for (const path of ['/', '/dashboard']) {
    const { page } = await open({ path });
    await page.locator('#root > *').first().waitFor();
    expect(await page.title()).toContain('Sentinel');
  }
});

test('a missing asset is 404, and so is what the interface does not have', async ({ origin }) => {
  for (const path of ['/assets/nothing-12345678.js', '/assets/nothing', '/nothing.js', '/api/v1/nothing']) {
    expect((await fetch(origin + path)).status, path).toBe(404);
  }
  for (const path of ['/', '/dashboard', '/s/0199c2a5-0000-7000-8000-000000000000']) {
    const answer = await fetch(origin + path);
    expect([answer.status, answer.headers.get('content-type')], path).toEqual([200, 'text/html; charset=utf-8']);
  }
});

test('every file has its type, and every asset is kept for a year', async ({ origin }) => {
  const types: Record<string, string> = {
    html: 'text/html; charset=utf-8',
    js: 'text/javascript; charset=utf-8',
    css: 'text/css; charset=utf-8',
    svg: 'image/svg+xml',
    json: 'application/json',
    ttf: 'font/ttf',
    woff2: 'font/woff2',
  };
  const names = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((name) => /^[^.].*\.\w+$/.test(name));
  for (const name of names.filter((each) => !each.endsWith('.gz'))) {
    const answer = await fetch(`${origin}/${name}`, { headers: { 'Accept-Encoding': 'identity' } });
    const body = await answer.arrayBuffer();
    expect([answer.status, answer.headers.get('content-type')], name).toEqual([
      200,
      types[name.split('.').pop() ?? ''],
    ]);
    expect(answer.headers.get('x-content-type-options'), name).toBe('nosniff');
    expect(answer.headers.get('cache-control'), name).toBe(
      name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    );
    const packed = await fetch(`${origin}/${name}`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(Buffer.from(await packed.arrayBuffer()).equals(Buffer.from(body)), name).toBe(true);
    if (names.includes(`${name}.gz`)) expect(packed.headers.get('content-encoding'), name).toBe('gzip');
  }
});

test('a second visit asks again for the page alone, and gets 304', async ({ open, origin }) => {
  const { page } = await open();
  const seen: string[] = [];
  page.on('response', (response) => {
    const path = new URL(response.url()).pathname;
    if (!path.startsWith('/api/') && !path.startsWith('/health')) seen.push(`${response.status()} ${path}`);
  });
  const tag = (await page.request.get(`${origin}/`)).headers()['etag'] ?? '';
  expect(tag).toMatch(/^".+"$/);
  expect((await page.request.get(`${origin}/`, { headers: { 'If-None-Match': tag } })).status()).toBe(304);
  await page.goto(`${origin}/dashboard`);
  seen.length = 0;
  await page.goto(`${origin}/`);
  await page.locator('#root > *').first().waitFor();
  // What comes from the browser's own store is a response, too, but no request that the server saw.
  expect(seen.filter((each) => !each.startsWith('200 ') && !each.startsWith('304 '))).toEqual([]);
  expect(seen.filter((each) => each.endsWith(' /'))).toHaveLength(1);
});

test('the policy lets no script in that is no file of ours', async ({ open }) => {
  const visit = await open();
  const { page } = visit;
  visit.expectProblem(/Content Security Policy|ERR_INVALID_URL/);
  const outcome = await page.evaluate(async () => {
    const blocked: string[] = [];
    document.addEventListener('securitypolicyviolation', (event) => blocked.push(event.effectiveDirective));
    const ran = window as unknown as { ran?: boolean };
    const inline = document.createElement('script');
    inline.textContent = 'window.ran = true';
    document.body.append(inline);
    const holder = document.createElement('div');
    holder.innerHTML = '<img src="data:image/png;base64,!" onerror="window.ran = true">';
    document.body.append(holder);
    // Whom the debugger calls may use eval until it returns for the first time.
    await new Promise((done) => setTimeout(done, 1));
    let isEvalOff = false;
    try {
      new Function('window.ran = true')();
    } catch {
      isEvalOff = true;
    }
    let isWorkerOff = false;
    try {
      const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])));
      isWorkerOff = await new Promise((done) => {
        worker.onerror = () => done(true);
        worker.onmessage = () => done(false);
      });
    } catch {
      isWorkerOff = true;
    }
    const isOtherHostOff = await fetch('http://127.0.0.2:9/').then(
      () => false,
      () => true,
    );
    for (let i = 0; i < 100 && blocked.length < 5; i++) await new Promise((done) => setTimeout(done, 20));
    return { ran: ran.ran ?? false, isEvalOff, isWorkerOff, isOtherHostOff, blocked };
  });
  expect(outcome).toMatchObject({ ran: false, isEvalOff: true, isWorkerOff: true, isOtherHostOff: true });
  expect(outcome.blocked).toEqual(
    expect.arrayContaining(['script-src-elem', 'script-src-attr', 'worker-src', 'connect-src']),
  );
});

test('the policy lets the page speak by WebSocket to its own server', async ({ open, origin }) => {
  const { page } = await open();
  const outcome = await page.evaluate(async () => {
    const submission = { language: 'python', source_code: 'print(6 * 7)' };
    const answer = await fetch('/api/v1/submissions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(submission),
    });
    const { id } = (await answer.json()) as { id: string };
    const address = `/api/v1/submissions/${id}/stream`;
    const socket = new WebSocket(new URL(address, location.href).href.replace(/^http/, 'ws'));
    const messages: { type: string; status?: string }[] = [];
    await new Promise<void>((done, failed) => {
      socket.onmessage = (event) => messages.push(JSON.parse(String(event.data)) as { type: string });
      socket.onclose = () => done();
      socket.onerror = () => failed(new Error('no WebSocket'));
    });
    return messages.at(-1);
  });
  expect(outcome).toMatchObject({ type: 'result', status: 'SUCCESS', stdout: '42\n' });
  expect((await fetch(origin)).headers.get('content-security-policy')).not.toContain('unsafe-eval');
});

test('a frame of another page shows nothing of it', async ({ open, origin }) => {
  const directory = await mkdtemp(join(tmpdir(), 'sentinel-frame-'));
  try {
    await writeFile(join(directory, 'index.html'), `<iframe src="${origin}/" id="framed"></iframe>`);
    const visit = await open();
    visit.expectProblem(/frame-ancestors|X-Frame-Options|refused to connect|another host: file/i);
    const other = await visit.context.newPage();
    await other.goto(`file://${directory}/index.html`);
    const framed = other.frames().find((frame) => frame.parentFrame());
    expect(await framed?.locator('#root').count()).toBe(0);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a server without the files says how to build them, in both themes and on a phone', async ({ open }) => {
  // Found are those beside the policies, or of the program's own build; a directory that is empty is neither.
  const server = await Server.startWithoutWeb();
  try {
    for (const [name, options] of Object.entries({
      dark: { colorScheme: 'dark' as const },
      light: { colorScheme: 'light' as const, viewport: { width: 390, height: 844 } },
    })) {
      const visit = await open({ origin: server.url, ...options });
      visit.expectProblem(/favicon\.ico/);
      await visit.page.getByRole('heading', { name: 'The web interface was not built' }).waitFor();
      await visit.expectAccessible();
      await visit.screenshot(`no-build-${name}`);
      await visit.page.getByRole('link', { name: '/health', exact: true }).click();
      await visit.page.getByText('"ok"').waitFor();
    }
  } finally {
    await server.remove();
  }
});
