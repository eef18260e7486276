// SPDX-License-Identifier: MIT
/** The palette's promises. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Colour = [red: number, green: number, blue: number];

/** The custom properties that a theme's rule sets, 0 to 1. */
function paletteOf(file: string, theme: 'dark' | 'light'): Map<string, Colour> {
  const css = readFileSync(new URL(file, import.meta.url), 'utf8');
  const rule = new RegExp(`\\[data-theme='${theme}'\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? '';
  const found = rule.matchAll(/--([\w-]+): #(\w\w)(\w\w)(\w\w);/g);
  return new Map(
    Array.from(found, ([, name = '', ...parts]) => [name, parts.map((part) => parseInt(part, 16) / 255) as Colour]),
  );
}

function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function contrast(one: Colour, other: Colour): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** As the filter of that name does it. */
function saturated([red, green, blue]: Colour, by: number): Colour {
  const grey = 0.213 * red + 0.715 * green + 0.072 * blue;
  return [red, green, blue].map((part) => grey + (part - grey) * by) as Colour;
}

const apart = (one: Colour, other: Colour): number => Math.hypot(...one.map((part, i) => part - (other[i] ?? 0)));

describe.each(['dark', 'light'] as const)('the palette, %s', (theme) => {
  it('has an edge that can be seen on every surface', () => {
    const palette = paletteOf('./styles.css', theme);
    const edge = palette.get('edge');
    for (const name of ['canvas', 'surface', 'raised', 'sunken']) {
      const surface = palette.get(name);
      expect(edge && surface && contrast(edge, surface), name).toBeGreaterThanOrEqual(3);
    }
  });

  it('leaves outcomes apart when their figures are old', () => {
    const css = readFileSync(new URL('./dashboard/dashboard.css', import.meta.url), 'utf8');
    const filter = /\.is-stale \{[^}]*filter: (\w+)\(([\d.]+)\)/.exec(css);
    const by = filter?.[1] === 'saturate' ? Number(filter[2]) : 0;
    const outcomes = [...paletteOf('./dashboard/dashboard.css', theme)].map(([, colour]) => saturated(colour, by));
    expect(outcomes).toHaveLength(10);
    const nearest = outcomes.flatMap((one, at) => outcomes.slice(at + 1).map((other) => apart(one, other)));
    expect(Math.min(...nearest)).toBeGreaterThan(0.05);
  });
});
