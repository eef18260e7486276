// SPDX-License-Identifier: MIT
/** How keys are named where one sits. */
const isApple = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);

/** For people: "Ctrl+Enter", "⌘Enter". */
export const keyName = (key: string) => `${isApple ? '⌘' : 'Ctrl+'}${key}`;

/** For aria-keyshortcuts. */
export const keyShortcut = (key: string) => `${isApple ? 'Meta' : 'Control'}+${key}`;
