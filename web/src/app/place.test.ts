// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { placeOf, titleOf } from './place';

const ID = '01a21ffb-bf04-7001-8169-215ca4f82763';

it('knows each page by its address', () => {
  expect(placeOf('/')).toEqual({ page: 'playground' });
  expect(placeOf('/dashboard')).toEqual({ page: 'dashboard' });
  expect(placeOf('/dashboard/')).toEqual({ page: 'dashboard' });
  expect(placeOf(`/s/${ID}`)).toEqual({ page: 'shared', id: ID });
  expect(placeOf('/s/a%2Fb')).toEqual({ page: 'shared', id: 'a/b' });
  for (const path of ['/s/', '/s', '/s/a/b', '/s/%E0%A4%A', '/dashboards', '/elsewhere', '//']) {
    expect(placeOf(path), path).toEqual({ page: 'nowhere' });
  }
});

it('names each page', () => {
  const title = (path: string) => titleOf(placeOf(path));
  expect(title('/')).toBe('Sentinel playground');
  expect(title('/dashboard')).toBe('Dashboard · Sentinel');
  expect(title(`/s/${ID}`)).toBe('Run …f82763 · Sentinel');
  expect(title('/elsewhere')).toBe('Not found · Sentinel');
});
