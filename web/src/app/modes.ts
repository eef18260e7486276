// SPDX-License-Identifier: MIT
/** Paper, and systems that force colours of their own: what the page needs for them comes after the first load. */
import { flushSync } from 'react-dom';
import { create } from 'zustand';
import './modes.css';
import { resolve, useTheme } from './theme';

/** Whether the page is just being printed: then it is drawn whole, and dark on light. */
export const usePrinted = create<{ isPrinted: boolean }>()(() => ({ isPrinted: false }));

function draw(isPrinted: boolean): void {
  // The browser takes what is there when its event is over.
  flushSync(() => {
    usePrinted.setState({ isPrinted });
    useTheme.setState(({ choice }) => ({ theme: isPrinted ? 'light' : resolve(choice) }));
  });
}

if (typeof window !== 'undefined') {
  window.addEventListener('beforeprint', () => draw(true));
  window.addEventListener('afterprint', () => draw(false));
}
