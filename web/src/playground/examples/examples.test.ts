// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { draftOfExample, EXAMPLES } from '.';

describe('examples', () => {
  it.each(EXAMPLES.map((example) => [`${example.language}: ${example.title}`, example] as const))(
    '%s is there, without the licence',
    async (_name, example) => {
      const draft = await draftOfExample(example);
      expect(draft.tabs).toHaveLength(example.files.length);
      for (const tab of draft.tabs) {
        expect(tab.content.trim()).not.toBe('');
        expect(tab.content).not.toContain('SPDX');
      }
    },
  );

  it('leave time to type', async () => {
    const interactive = (await Promise.all(EXAMPLES.map(draftOfExample))).filter((draft) => draft.isInteractive);
    expect(interactive.length).toBeGreaterThan(0);
    for (const draft of interactive) expect(draft.limits.timeMs).toBe(60_000);
  });
});
