// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { titleOf } from './title';

it('names each place', () => {
  expect(titleOf('/')).toBe('Sentinel playground');
  expect(titleOf('/dashboard')).toBe('Dashboard · Sentinel');
  expect(titleOf('/s/01a21ffb-bf04-7001-8169-215ca4f82763')).toBe('Run …f82763 · Sentinel');
  expect(titleOf('/elsewhere')).toBe('Not found · Sentinel');
});
