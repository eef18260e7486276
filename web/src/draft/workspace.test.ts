// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Language } from '../api/types';
import { emptyDraft } from './draft';

type Page = typeof import('./workspace');

const C = { name: 'c', file_name: 'main.c', example: 'int main(void) {}', aliases: [] } as unknown as Language;
const OLD = 'sentinel.workspace.1';

/** As a tab of the browser that is opened now: all have the same storage. */
async function open(): Promise<Page> {
  vi.resetModules();
  return import('./workspace');
}
const draftOf = (code: string) => emptyDraft('main.c', code);
const codeOf = (page: Page, language = 'c') => page.useWorkspace.getState().drafts[language]?.tabs[0]?.content;
const keptCode = (language = 'c') => {
  const kept = JSON.parse(localStorage.getItem(`sentinel.draft.${language}`) ?? '{}') as Record<string, unknown>;
  return (kept['draft'] as ReturnType<typeof draftOf> | undefined)?.tabs[0]?.content;
};
function write(page: Page, code: string, language = 'c') {
  const { drafts, restore } = page.useWorkspace.getState();
  restore(language, {
    ...(drafts[language] ?? draftOf('')),
    tabs: [{ key: 'k', name: 'main.c', content: code }],
    activeTab: 'k',
  });
}
const keep = (language: string, draft: unknown) =>
  localStorage.setItem(`sentinel.draft.${language}`, JSON.stringify({ draft }));

/** Room for so many characters in all, the names not counted. */
function room(characters: number) {
  const { setItem } = Storage.prototype;
  vi.spyOn(Storage.prototype, 'setItem').mockImplementation(function (this: Storage, name: string, value: string) {
    const others = Object.entries(this).reduce(
      (sum, [one, text]) => (one === name ? sum : sum + String(text).length),
      0,
    );
    if (others + value.length > characters) throw new DOMException('full', 'QuotaExceededError');
    setItem.call(this, name, value);
  });
}

beforeEach(() => {
  // Pages of earlier tests hear events, too, but nothing has changed in them.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.runAllTimers();
  vi.restoreAllMocks();
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

describe('drafts', () => {
  it('are kept as they are written, each by itself, and found again', async () => {
    const page = await open();
    write(page, 'one');
    write(page, 'two', 'go');
    vi.advanceTimersByTime(300);
    expect([keptCode(), keptCode('go')]).toEqual(['one', 'two']);
    const later = await open();
    expect(later.useWorkspace.getState().drafts).toEqual(page.useWorkspace.getState().drafts);
    expect(later.useWorkspace.getState().language).toBe('go');
  });

  it('are not kept while they are but an example', async () => {
    const page = await open();
    page.useWorkspace.getState().setLanguage(C);
    page.keepDrafts();
    expect(codeOf(page)).toBe('int main(void) {}');
    expect(localStorage.getItem('sentinel.draft.c')).toBeNull();
  });

  it('are kept again when a change is taken back', async () => {
    const page = await open();
    write(page, 'one');
    page.keepDrafts();
    const before = page.useWorkspace.getState().drafts['c'];
    write(page, 'two');
    page.keepDrafts();
    page.useWorkspace.getState().restore('c', before ?? draftOf(''));
    page.keepDrafts();
    expect(keptCode()).toBe('one');
  });

  it('are not those of the prototype', async () => {
    localStorage.setItem('sentinel.language', 'constructor');
    const page = await open();
    expect(page.currentDraft(page.useWorkspace.getState())).toBeNull();
  });
});

describe('two tabs', () => {
  it('do not write what they did not change', async () => {
    keep('c', draftOf('old'));
    keep('go', draftOf('go'));
    const idle = await open();
    const busy = await open();
    const setItem = vi.spyOn(Storage.prototype, 'setItem');
    write(busy, 'new');
    busy.keepDrafts();
    expect(setItem.mock.calls.map(([name]) => name)).not.toContain('sentinel.draft.go');
    setItem.mockClear();
    idle.keepDrafts();
    expect(setItem).not.toHaveBeenCalled();
    expect(keptCode()).toBe('new');
  });

  it('take over what the other one wrote', async () => {
    keep('c', draftOf('old'));
    const idle = await open();
    const busy = await open();
    write(busy, 'new');
    write(busy, 'more', 'go');
    busy.keepDrafts();
    window.dispatchEvent(new StorageEvent('storage', { key: 'sentinel.draft.c' }));
    expect([codeOf(idle), codeOf(idle, 'go')]).toEqual(['new', 'more']);
    const before = localStorage.getItem('sentinel.draft.c');
    idle.keepDrafts();
    expect(localStorage.getItem('sentinel.draft.c')).toBe(before);
  });

  it('take it over when they come back, having heard nothing', async () => {
    keep('c', draftOf('old'));
    const idle = await open();
    const busy = await open();
    write(busy, 'new');
    busy.keepDrafts();
    window.dispatchEvent(new Event('pageshow'));
    expect(codeOf(idle)).toBe('new');
  });

  it('hold on to what is not kept yet, of that language only', async () => {
    keep('c', draftOf('old'));
    const page = await open();
    const other = await open();
    write(page, 'mine');
    write(other, 'theirs');
    write(other, 'theirs', 'go');
    other.keepDrafts();
    page.takeNewDrafts();
    expect([codeOf(page), codeOf(page, 'go')]).toEqual(['mine', 'theirs']);
    page.keepDrafts();
    other.takeNewDrafts();
    expect(codeOf(other)).toBe('mine');
  });

  it('keep their draft when the other one puts it aside', async () => {
    keep('c', draftOf('old'));
    const page = await open();
    localStorage.clear();
    page.takeNewDrafts();
    expect(codeOf(page)).toBe('old');
  });

  it('come back with their own language; a third begins with the latest', async () => {
    const page = await open();
    write(page, 'one');
    page.keepDrafts();
    localStorage.setItem('sentinel.language', 'go');
    expect((await open()).useWorkspace.getState().language).toBe('c');
    sessionStorage.clear();
    expect((await open()).useWorkspace.getState().language).toBe('go');
  });
});

describe('where there is no room', () => {
  const LONG = 'x'.repeat(20_000);

  it('keeps all that fits, however long', async () => {
    const page = await open();
    write(page, 'x'.repeat(2_500_000));
    page.keepDrafts();
    expect(keptCode()?.length).toBe(2_500_000);
    expect(page.useWorkspace.getState().trouble).toBeNull();
  });

  it('keeps the code without long input and tests, and says so', async () => {
    room(21_000);
    const page = await open();
    const cases = [
      { key: 'a', name: 'a', stdin: '1', expected: '2' },
      { key: 'b', name: 'b', stdin: LONG, expected: '' },
    ];
    page.useWorkspace.getState().restore('c', { ...draftOf('code'), stdin: LONG, cases });
    page.keepDrafts();
    expect(page.useWorkspace.getState().trouble).toEqual({ kind: 'partly', languages: ['c'] });
    expect(page.useWorkspace.getState().drafts['c']).toMatchObject({ stdin: LONG, cases });
    const later = (await open()).useWorkspace.getState().drafts['c'];
    expect(later).toMatchObject({ stdin: '', cases: [cases[0]], tabs: [{ content: 'code' }] });
    // This page has more than what is kept: it is not to be had from there.
    keep('c', draftOf('theirs'));
    page.takeNewDrafts();
    expect(codeOf(page)).toBe('code');
  });

  it('leaves no older one behind, and the other languages alone', async () => {
    room(21_000);
    const page = await open();
    write(page, 'other', 'go');
    write(page, 'old');
    page.keepDrafts();
    write(page, LONG + LONG);
    page.keepDrafts();
    expect(page.useWorkspace.getState().trouble).toEqual({ kind: 'not', languages: ['c'] });
    expect(localStorage.getItem('sentinel.draft.c')).toBeNull();
    expect(keptCode('go')).toBe('other');
    write(page, 'short');
    page.keepDrafts();
    expect(keptCode()).toBe('short');
  });

  it('says so where nothing may be stored at all', async () => {
    vi.spyOn(window, 'localStorage', 'get').mockImplementation(() => {
      throw new DOMException('no', 'SecurityError');
    });
    vi.spyOn(window, 'sessionStorage', 'get').mockImplementation(() => {
      throw new DOMException('no', 'SecurityError');
    });
    const page = await open();
    expect(page.useWorkspace.getState().trouble).toBeNull();
    write(page, 'one');
    page.keepDrafts();
    expect(page.useWorkspace.getState().trouble?.kind).toBe('not');
    page.takeNewDrafts();
    expect(codeOf(page)).toBe('one');
  });
});

describe('what is damaged', () => {
  it('is put aside, and nothing else', async () => {
    keep('c', draftOf('good'));
    keep('go', null);
    keep('rust', { ...draftOf(''), tabs: [null] });
    localStorage.setItem('sentinel.draft.java', '{"draft":');
    const page = await open();
    expect(Object.keys(page.useWorkspace.getState().drafts)).toEqual(['c']);
    expect(codeOf(page)).toBe('good');
    expect(page.useWorkspace.getState().trouble?.languages.sort()).toEqual(['go', 'java', 'rust']);
    expect(localStorage.getItem('sentinel.draft.java')).toBeNull();
    expect(localStorage.getItem('sentinel.damaged.java')).toBe('{"draft":');
    expect((await open()).useWorkspace.getState().trouble).toBeNull();
  });

  it('is mended where it can be', async () => {
    keep('c', { ...draftOf('good'), limits: null, cases: null });
    const page = await open();
    expect(page.useWorkspace.getState()).toMatchObject({
      trouble: null,
      drafts: { c: { limits: { timeMs: null }, cases: [], tabs: [{ content: 'good' }] } },
    });
  });

  it('is kept anew without what could not be read, and said once', async () => {
    keep('c', { ...draftOf('good'), cases: [null] });
    const page = await open();
    expect(page.useWorkspace.getState().trouble?.kind).toBe('damaged');
    vi.advanceTimersByTime(300);
    expect(keptCode()).toBe('good');
    expect((await open()).useWorkspace.getState().trouble).toBeNull();
  });

  it('does not take what is here with it', async () => {
    keep('c', draftOf('good'));
    const page = await open();
    keep('c', null);
    page.takeNewDrafts();
    expect(codeOf(page)).toBe('good');
    page.keepDrafts();
    expect(keptCode()).toBe('good');
  });
});

describe('what was kept in one entry', () => {
  it('is taken over once', async () => {
    const drafts = { c: draftOf('one'), go: null, rust: draftOf('three') };
    localStorage.setItem(OLD, JSON.stringify({ language: 'rust', drafts }));
    const page = await open();
    expect(page.useWorkspace.getState().language).toBe('rust');
    expect([codeOf(page), codeOf(page, 'rust')]).toEqual(['one', 'three']);
    expect(page.useWorkspace.getState().trouble?.languages).toEqual(['go']);
    expect([keptCode(), keptCode('rust')]).toEqual(['one', 'three']);
    expect(localStorage.getItem(OLD)).toBeNull();
  });

  it('does not take the place of what is newer', async () => {
    keep('c', draftOf('new'));
    localStorage.setItem(OLD, JSON.stringify({ language: 'c', drafts: { c: draftOf('old') } }));
    expect(codeOf(await open())).toBe('new');
    expect(localStorage.getItem('sentinel.damaged.c')).toContain('old');
  });

  it.each(['null', '{"drafts":', '[]', '{"drafts":7}', '{"language":{},"drafts":{"c":7}}'])(
    'does no harm when it is %s',
    async (text) => {
      localStorage.setItem(OLD, text);
      const page = await open();
      expect(page.useWorkspace.getState()).toMatchObject({ language: null, drafts: {} });
      expect(localStorage.getItem(OLD)).toBeNull();
    },
  );
});

describe('starting afresh', () => {
  it('puts all aside, and the page that goes writes nothing back', async () => {
    const page = await open();
    const { startAfresh, copyOfDrafts } = await import('./startAfresh');
    write(page, 'kept', 'go');
    page.keepDrafts();
    write(page, 'not yet');
    expect(copyOfDrafts().length).toBeGreaterThan(100);
    startAfresh();
    window.dispatchEvent(new Event('pagehide'));
    expect((await open()).useWorkspace.getState().drafts).toEqual({});
    expect(localStorage.getItem('sentinel.damaged.c')).toContain('not yet');
    expect(localStorage.getItem('sentinel.damaged.go')).toContain('kept');
  });
});
