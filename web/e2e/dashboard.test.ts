// SPDX-License-Identifier: MIT
/** The dashboard's figures are those of the server. */
import { expect, test } from './harness';
import { Playground, WELL } from './playground';
import { Proxy } from './proxy';
import { Server } from './server';

test('figures follow what is run', async ({ open }) => {
  const server = await Server.start();
  try {
    const visit = await open({ origin: server.url, path: '/dashboard' });
    const { page } = visit;
    await page.getByRole('heading', { name: 'Workers' }).first().waitFor();
    await visit.screenshot('dashboard-empty');
    for (let i = 0; i < 3; i++) await server.run('python', `print(${i})`);
    await server.run('python', 'raise SystemExit(3)');
    const languages = page.getByRole('table', { name: 'Languages' });
    await languages
      .getByRole('row', { name: /python/i })
      .getByText(/\b4\b/)
      .first()
      .waitFor();
    await page.getByRole('list', { name: 'Recent failures' }).getByRole('listitem').first().waitFor();
    await visit.screenshot('dashboard-dark');
    await visit.expectAccessible();
    await page.getByRole('list', { name: 'Recent failures' }).getByRole('link').first().click();
    await page.waitForURL(/\/s\/[0-9a-f-]{36}$/);
    await new Playground(visit).ends(/Exit status 3/);
  } finally {
    await server.remove();
  }
});

test('failures are seen behind a queue, and one line says how things are', async ({ open }) => {
  const server = await Server.start({ SENTINEL_SLOTS: '1' });
  try {
    await server.run('python', 'print(1)');
    await server.run('python', 'raise SystemExit(3)');
    await server.run('c', 'int main(void) { return missing; }');
    const visit = await open({ origin: server.url, path: '/dashboard' });
    const { page } = visit;
    await page.getByText(/^All is well: .* nothing waits\.$/).waitFor();
    const waiting = { language: 'python', source_code: 'import time; time.sleep(2)' };
    await server.api('POST', '/submissions/batch', { submissions: Array.from({ length: 70 }, () => waiting) });
    await page
      .getByText(/^Busy: \d+ wait, about \d+ (s|min);/)
      .first()
      .waitFor();
    const failures = page.getByRole('list', { name: 'Recent failures' }).getByRole('listitem');
    await failures.filter({ hasText: 'Runtime error' }).waitFor();
    const uncompiled = failures.filter({ hasText: 'Compilation error' });
    await uncompiled.waitFor();
    expect(await uncompiled.innerText(), 'what never ran has no figures').not.toMatch(/\b0 (ms|B)\b/);
    await page.reload();
    await failures.filter({ hasText: 'Runtime error' }).waitFor();
    await visit.screenshot('dashboard-busy');
    await visit.expectAccessible();
    // It asks while it is open, and the server is about to go.
    await page.goto('about:blank');
  } finally {
    await server.remove();
  }
});

test('a dead letter is shown with its reason, and retried', async ({ open }) => {
  const server = await Server.start({ SENTINEL_ATTEMPTS_MAX: '1', SENTINEL_LEASE_MS: '1000' });
  const submit = async (): Promise<string> => {
    const answer = await fetch(`${server.url}/api/v1/submissions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'poison' },
      body: JSON.stringify({ language: 'python', source_code: 'print("after all")' }),
    });
    return ((await answer.json()) as { id: string }).id;
  };
  try {
    // Whoever executes it is killed: by a point in the program that is there for tests.
    await server.stop();
    await server.restart({ SENTINEL_KILL_AT: 'mid_run' });
    await submit().catch(() => undefined);
    await server.whenGone();
    await server.restart();
    const id = await submit();
    const visit = await open({ origin: server.url, path: '/dashboard' });
    const { page } = visit;
    const letters = page.getByRole('list', { name: 'Dead letters' });
    await letters.getByRole('listitem').first().waitFor();
    await visit.screenshot('dashboard-dead-letter');
    await visit.expectAccessible();
    await letters.getByRole('button', { name: /^Retry/ }).click();
    await visit.expectAccessible();
    await page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click();
    await page.getByText('is queued again').waitFor();
    await page.getByText('None: no submission was given up.').waitFor();
    await page.goto(`${server.url}/s/${id}`);
    await page.getByText('after all').first().waitFor();
    await page.getByText('It ended by itself, with exit status 0.').first().waitFor();
  } finally {
    await server.remove();
  }
});

test('it is accessible and fits, light and on a phone', async ({ open }) => {
  for (const [name, options] of Object.entries({
    light: { colorScheme: 'light' as const },
    phone: { viewport: { width: 390, height: 844 } },
  })) {
    const visit = await open({ path: '/dashboard', ...options });
    await visit.page.getByRole('heading', { name: 'Workers' }).first().waitFor();
    await visit.page.getByRole('table').first().waitFor();
    await visit.screenshot(`dashboard-${name}`);
    await visit.expectAccessible();
    const overflow = await visit.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  }
});

test('it pauses, and goes on', async ({ open }) => {
  const visit = await open({ path: '/dashboard' });
  const { page } = visit;
  await page.getByRole('heading', { name: 'Workers' }).first().waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.waitForTimeout(500);
  let asked = 0;
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.startsWith('/api/')) asked++;
  });
  await page.waitForTimeout(5000);
  expect(asked).toBe(0);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(0);
});

test('the last figures stay while the server is gone', async ({ open, origin }) => {
  const proxy = await Proxy.start(origin);
  try {
    const visit = await open({ origin: proxy.url, path: '/dashboard' });
    visit.expectProblem(/Failed to load resource/);
    const { page } = visit;
    await page.getByText('Live', { exact: true }).waitFor();
    proxy.vanish();
    await page.getByRole('status', { name: 'Connection' }).getByText('The server is not responding').waitFor();
    expect(await page.getByText('Queue depth').first().isVisible()).toBe(true);
    await visit.screenshot('dashboard-gone');
    proxy.isGone = false;
    await page.getByText('The server is not responding').waitFor({ state: 'hidden' });
  } finally {
    await proxy.stop();
  }
});

test('where a key is asked for, the dashboard says so and takes one, and the key is in no address', async ({
  open,
}) => {
  const server = await Server.start({ SENTINEL_AUTH: 'keys' });
  try {
    const visit = await open({ origin: server.url, path: '/dashboard' });
    visit.expectProblem(/status of 40[13]/);
    const { page } = visit;
    await page
      .getByRole('dialog')
      .or(page.getByRole('button', { name: /key/i }))
      .first()
      .waitFor();
    await visit.screenshot('dashboard-key-needed');
    const key = /sn_\S+|\S{20,}/.exec(
      await server.command('keys', 'create', '--name', 'e2e', '--scopes', 'submit,read,admin'),
    );
    if (!(await page.getByRole('dialog').isVisible())) await page.getByRole('button', { name: /^API key/ }).click();
    await page
      .getByRole('dialog')
      .getByRole('textbox')
      .or(page.locator('dialog input'))
      .first()
      .fill(key?.[0] ?? '');
    await page.keyboard.press('Enter');
    await page.getByText('Queue depth').first().waitFor();
    await page.keyboard.press('Escape');
    const addresses: string[] = [];
    page.on('request', (request) => addresses.push(request.url()));
    page.on('websocket', (socket) => addresses.push(socket.url()));
    await page.getByRole('link', { name: 'Playground', exact: true }).click();
    const playground = new Playground(visit);
    await playground.whenReady();
    await playground.runs('print("by key")\n', WELL);
    expect(addresses.filter((address) => address.startsWith('ws:'))).toHaveLength(1);
    expect(addresses.filter((address) => address.includes(key?.[0] ?? ''))).toEqual([]);
  } finally {
    await server.remove();
  }
});
