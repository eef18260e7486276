// SPDX-License-Identifier: MIT
/** What networks do while a program runs. */
import { expect, test } from './harness';
import { Playground, WELL } from './playground';
import { Proxy } from './proxy';
import { until } from './server';

const COUNT = 'import time\nfor i in range(60):\n    print("line", i, flush=True)\n    time.sleep(0.1)\n';
const ALL = Array.from({ length: 60 }, (_, i) => `line ${i}`).join('\n');

/** All lines, each once, in order; those out of sight come by the clipboard. */
async function expectAllLines(playground: Playground): Promise<void> {
  await playground.ends(WELL);
  await playground.output.focus();
  // A window of the lines is in the document: from the top and from the end, they have to meet.
  const seen = new Set<string>();
  for (const key of ['Home', 'PageDown', 'PageDown', 'PageDown', 'End']) {
    await playground.page.keyboard.press(key === 'Home' || key === 'End' ? `Control+${key}` : key);
    await playground.page.waitForTimeout(100);
    const lines = (await playground.output.innerText()).match(/line \d+/g) ?? [];
    const numbers = lines.map((line) => Number(line.slice(5)));
    expect(numbers, 'in order, each once').toEqual([...new Set(numbers)].sort((a, b) => a - b));
    for (const line of lines) seen.add(line);
  }
  expect([...seen].sort((a, b) => Number(a.slice(5)) - Number(b.slice(5))).join('\n')).toBe(ALL);
}

test('a WebSocket that is cut in the middle is resumed, without loss and without doubles', async ({ open, origin }) => {
  const proxy = await Proxy.start(origin);
  try {
    const playground = await Playground.open(open, { origin: proxy.url });
    playground.visit.expectProblem(/WebSocket connection/);
    await playground.write(COUNT);
    await playground.run();
    await playground.says('line 5');
    expect(proxy.cutWebSockets()).toBe(1);
    await until('it comes back', () => proxy.upgrades.length >= 2);
    expect(proxy.upgrades[1]).toMatch(/[?&]after=/);
    await playground.says(/line [2-5]\d/);
    proxy.cutWebSockets();
    await expectAllLines(playground);
  } finally {
    await proxy.stop();
  }
});

test('where WebSockets are refused, server-sent events do', async ({ open, origin }) => {
  const proxy = await Proxy.start(origin);
  proxy.refused.add('websocket');
  try {
    const playground = await Playground.open(open, { origin: proxy.url });
    playground.visit.expectProblem(/WebSocket connection/);
    await playground.write(COUNT);
    await playground.run();
    await playground.result.getByText('live by server-sent events', { exact: true }).waitFor();
    await expectAllLines(playground);
  } finally {
    await proxy.stop();
  }
});

test('where both are refused, it asks again and again', async ({ open, origin }) => {
  const proxy = await Proxy.start(origin);
  proxy.refused.add('websocket').add('/events');
  try {
    const playground = await Playground.open(open, { origin: proxy.url });
    playground.visit.expectProblem(/WebSocket connection|status of 502/);
    await playground.write(COUNT);
    await playground.run();
    await playground.result
      .getByText('by polling every half second: the live ways are blocked', { exact: true })
      .waitFor();
    await playground.visit.screenshot('polling');
    await expectAllLines(playground);
  } finally {
    await proxy.stop();
  }
});

test('a server that is gone for a while is told of, and a run goes on when it is back', async ({ open, origin }) => {
  const proxy = await Proxy.start(origin);
  try {
    const playground = await Playground.open(open, { origin: proxy.url });
    playground.visit.expectProblem(/WebSocket connection|Failed to load resource/);
    await playground.write(COUNT);
    await playground.run();
    await playground.says('line 3');
    proxy.vanish();
    proxy.cutWebSockets();
    await playground.result.getByText('connection lost, trying again', { exact: true }).waitFor();
    await playground.page
      .getByRole('status', { name: 'Connection' })
      .getByText('The server is not responding')
      .waitFor();
    await playground.visit.screenshot('server-gone');
    proxy.isGone = false;
    await expectAllLines(playground);
    await playground.page.getByText('The server is not responding').waitFor({ state: 'hidden' });
  } finally {
    await proxy.stop();
  }
});

test('what is run while the server is gone runs when it is back', async ({ open, origin }) => {
  const proxy = await Proxy.start(origin);
  try {
    const playground = await Playground.open(open, { origin: proxy.url });
    playground.visit.expectProblem(/WebSocket connection|Failed to load resource/);
    await playground.write('print("at last")\n');
    proxy.vanish();
    await playground.run();
    await playground.page.getByRole('alert').filter({ hasText: 'Your run is waiting for the server.' }).waitFor();
    proxy.isGone = false;
    await playground.ends(WELL);
    await playground.says('at last');
  } finally {
    await proxy.stop();
  }
});

test('a browser that is offline says so, and goes on when it is back', async ({ open }) => {
  const playground = await Playground.open(open);
  playground.visit.expectProblem(/ERR_INTERNET_DISCONNECTED|WebSocket connection/);
  await playground.write('print("online again")\n');
  await playground.visit.context.setOffline(true);
  await playground.run();
  await playground.page.getByRole('alert').filter({ hasText: 'Your run is waiting until you are online.' }).waitFor();
  await playground.visit.context.setOffline(false);
  await playground.ends(WELL);
  await playground.says('online again');
});
