// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readLoad, Unreachable } from '../api/client';
import { probe, useConnection, watchConnection } from './connection';

let isServerThere = true;
let asked: string[] = [];
let end = () => {};

const health = () => Promise.resolve(new Response('{"status":"ok"}', { status: 200 }));

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  isServerThere = true;
  asked = [];
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path);
    return isServerThere ? health() : Promise.reject(new TypeError('Failed to fetch'));
  });
  end = watchConnection();
});

afterEach(async () => {
  isServerThere = true;
  await probe();
  end();
  useConnection.setState({ state: 'there', isOffline: false, retryAt: null, backAt: null });
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const state = () => useConnection.getState().state;

describe('connection', () => {
  it('asks after half a minute of silence, before the eyes of somebody', async () => {
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(false);
    await vi.advanceTimersByTimeAsync(25_000);
    await readLoad();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(asked).toEqual(['/api/v1/load']);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(asked).toEqual(['/api/v1/load', '/health']);
    expect(state()).toBe('there');
    isServerThere = false;
    await vi.advanceTimersByTimeAsync(40_000);
    expect(state()).toBe('gone');
  });

  it('asks nothing while all is well and nobody looks', async () => {
    await readLoad();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked).toEqual(['/api/v1/load']);
    expect(state()).toBe('there');
  });

  it('takes one request that got no answer for a doubt, which /health dispels', async () => {
    isServerThere = false;
    const failed = readLoad();
    isServerThere = true;
    await expect(failed).rejects.toBeInstanceOf(Unreachable);
    await settle();
    expect(asked).toEqual(['/api/v1/load', '/health']);
    expect(state()).toBe('there');
    expect(useConnection.getState().backAt).toBeNull();
  });

  it('knows that the server is gone, asks ever more seldom, and knows when it is back', async () => {
    isServerThere = false;
    await expect(readLoad()).rejects.toBeInstanceOf(Unreachable);
    await settle();
    expect(state()).toBe('gone');
    const probes = () => asked.filter((path) => path === '/health').length;
    expect(probes()).toBe(1);
    for (const [seconds, total] of [
      [1, 2],
      [2, 3],
      [4, 4],
      [8, 5],
      [15, 6],
      [15, 7],
    ] as const) {
      expect(useConnection.getState().retryAt).toBe(Date.now() + seconds * 1000);
      await vi.advanceTimersByTimeAsync(seconds * 1000);
      expect(probes()).toBe(total);
    }
    isServerThere = true;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(state()).toBe('there');
    expect(useConnection.getState().backAt).toBe(Date.now());
    await vi.advanceTimersByTimeAsync(600_000);
    expect(probes()).toBe(8);
  });

  it('is mended by any request that gets an answer', async () => {
    isServerThere = false;
    await expect(readLoad()).rejects.toBeInstanceOf(Unreachable);
    await settle();
    isServerThere = true;
    await readLoad();
    expect(state()).toBe('there');
  });

  it('takes a proxy that finds no server for a server that is gone', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('<h1>Bad Gateway</h1>', { status: 502 })));
    await expect(readLoad()).rejects.toBeInstanceOf(Unreachable);
    await settle();
    expect(state()).toBe('gone');
  });

  it('takes a page in the place of /health for a server that is gone', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('<h1>Log in to the hotel</h1>', { status: 200 })));
    await probe();
    expect(state()).toBe('gone');
  });

  it('does not believe a browser that calls itself offline while the server answers', async () => {
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
    window.dispatchEvent(new Event('offline'));
    await settle();
    expect(state()).toBe('there');
    expect(useConnection.getState().isOffline).toBe(true);
  });

  it('asks at once when the network is back', async () => {
    isServerThere = false;
    await probe();
    isServerThere = true;
    window.dispatchEvent(new Event('online'));
    await settle();
    expect(state()).toBe('there');
  });
});
