// SPDX-License-Identifier: MIT

/**
 * A name with what has no picture, or turns the direction of what follows, as output shows it: one that passes for
 * another is a trap. (Smaller than what output needs: it is part of the first load.)
 */
export const shownName = (name: string | null | undefined): string =>
  (name ?? '').replace(
    /[\p{C}\u115f\u1160\u2028\u2029\u3164\uffa0]/gu,
    (character) => `<U+${character.codePointAt(0)?.toString(16).toUpperCase()}>`,
  );
