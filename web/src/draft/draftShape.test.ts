// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { emptyDraft, type Draft } from './draft';
import { readDraft } from './draftShape';

const good: Draft = {
  ...emptyDraft('main.c', 'int main(void) {}'),
  stdin: '1 2\n',
  args: ['-v', ''],
  isInteractive: true,
  limits: { timeMs: 100, memoryKb: null, processes: 1, outputKb: 8 },
  isTesting: true,
  cases: [{ key: 'one', name: 'small', stdin: '1', expected: '' }],
  compare: 'float',
  tolerance: 0.5,
  stopAtFirst: true,
  sharedFrom: 'job',
};
const kept = (change: object): unknown => JSON.parse(JSON.stringify({ ...good, ...change }));
const usual = { timeMs: null, memoryKb: null, processes: null, outputKb: null };

describe('a draft that was kept', () => {
  it('is taken as it is, and nothing else with it', () => {
    expect(readDraft(kept({ more: 1 }))).toEqual({ draft: good, isWhole: true });
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a text', 'int main'],
    ['a list', [1]],
    ['no files', kept({ tabs: undefined })],
    ['files that are null', kept({ tabs: null })],
    ['an empty list of files', kept({ tabs: [] })],
    ['a file that is null', kept({ tabs: [null] })],
    ['a file without content', kept({ tabs: [{ key: 'a', name: 'main.c' }] })],
    ['a file whose content is an object', kept({ tabs: [{ key: 'a', name: 'main.c', content: {} }] })],
  ])('is none: %s', (_, value) => {
    expect(readDraft(value)).toEqual({ draft: null, isWhole: false });
  });

  it('keeps the files that are good', () => {
    const tabs = [null, { key: 'b', name: 'b.c', content: 'b' }, { key: 'c' }];
    const { draft, isWhole } = readDraft(kept({ tabs, activeTab: 'c' }));
    expect(draft).toMatchObject({ tabs: [tabs[1]], activeTab: 'b' });
    expect(isWhole).toBe(false);
  });

  it.each([
    ['limits', null, usual],
    ['limits', 3, usual],
    ['limits', { timeMs: '100', memoryKb: 64, processes: null, outputKb: {} }, { ...usual, memoryKb: 64 }],
    ['cases', null, []],
    ['cases', {}, []],
    ['stdin', 5, ''],
    ['args', null, []],
    ['args', ['a', null, 1, 'b'], ['a', 'b']],
    ['isInteractive', 'yes', false],
    ['isTesting', null, false],
    ['stopAtFirst', 1, false],
    ['compare', 'toString', 'trailing'],
    ['compare', null, 'trailing'],
    ['tolerance', null, 1e-6],
    ['limits', [], usual],
    ['tolerance', -1, 1e-6],
    ['tolerance', '0', 1e-6],
    ['sharedFrom', 7, undefined],
    ['activeTab', null, good.activeTab],
    ['activeTab', 'gone', good.activeTab],
  ])('gets a %s it can work with instead of %j', (field, value, expected) => {
    const { draft, isWhole } = readDraft(kept({ [field]: value }));
    expect(isWhole).toBe(true);
    expect(draft).toEqual({ ...good, [field]: expected });
  });

  it('has test cases in which nothing is written yet', () => {
    const cases = [{ key: 'x', name: '', stdin: '', expected: '' }];
    expect(readDraft(kept({ cases }))).toEqual({ draft: { ...good, cases }, isWhole: true });
  });

  it('loses a test case only if there is nothing in it', () => {
    const cases = [null, { key: 'x', name: 5, stdin: '1' }, 7, 'text'];
    const { draft, isWhole } = readDraft(kept({ cases }));
    expect(draft?.cases).toEqual([{ key: 'x', name: '', stdin: '1', expected: '' }]);
    expect(isWhole).toBe(false);
  });

  it('names what has no name, and tells apart what has the same key', () => {
    const { draft } = readDraft(
      kept({
        tabs: [{ content: 'a' }, { key: 'k', name: 'b', content: 'b' }, { key: 'k', name: 'c', content: 'c' }],
      }),
    );
    expect(draft?.tabs.map(({ name }) => name)).toEqual(['untitled', 'b', 'c']);
    expect(new Set(draft?.tabs.map(({ key }) => key)).size).toBe(3);
    expect(draft?.tabs[1]?.key).toBe('k');
    expect(draft?.activeTab).toBe(draft?.tabs[0]?.key);
  });
});
