// SPDX-License-Identifier: MIT
/** ".py"; '' where there is none. */
export const endingOf = (name: string): string => {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot) : '';
};

/** A name for one more file, beside those that are there. */
export function newName(names: readonly string[]): string {
  const ending = endingOf(names[0] ?? '') || '.txt';
  // A second Java file is a class, which begins with a capital.
  const stem = ending === '.java' ? 'Other' : 'file';
  for (let number = 2; ; number++) {
    const name = `${stem}${number}${ending}`;
    if (!names.includes(name)) return name;
  }
}
