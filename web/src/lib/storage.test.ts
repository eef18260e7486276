// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { afterEach, expect, it, vi } from 'vitest';
import { recall, remember } from './storage';

const fill = () =>
  vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });

afterEach(() => {
  localStorage.clear();
  window.dispatchEvent(new StorageEvent('storage', { key: null }));
});

it('remembers and forgets', () => {
  expect(remember('a', '1')).toBe(true);
  expect(recall('a')).toBe('1');
  expect(remember('a', null)).toBe(true);
  expect(recall('a')).toBeNull();
});

it('forgets what another tab forgot', () => {
  remember('a', '1');
  localStorage.removeItem('a');
  expect(recall('a')).toBeNull();
});

it('keeps what does not fit for the page, and never has the older one back', () => {
  remember('a', 'old');
  const full = fill();
  expect(remember('a', 'new')).toBe(false);
  expect(recall('a')).toBe('new');
  full.mockRestore();
  expect(localStorage.getItem('a')).toBeNull();
});

it('takes what another tab wrote for the latest', () => {
  const full = fill();
  remember('a', 'here');
  full.mockRestore();
  localStorage.setItem('a', 'there');
  window.dispatchEvent(new StorageEvent('storage', { key: 'a' }));
  expect(recall('a')).toBe('there');
});

it('lives without storage', () => {
  vi.spyOn(Storage.prototype, 'getItem').mockImplementation(() => {
    throw new DOMException('no', 'SecurityError');
  });
  fill();
  vi.spyOn(Storage.prototype, 'removeItem').mockImplementation(() => {
    throw new DOMException('no', 'SecurityError');
  });
  expect(remember('b', '2')).toBe(false);
  expect(recall('b')).toBe('2');
  expect(remember('b', null)).toBe(false);
  expect(recall('b')).toBeNull();
});
