// SPDX-License-Identifier: MIT
/** Which rows of very many are drawn, and where. */

/** Browsers end elements at some 17 million pixels; above this the scroll bar stands for shares of the whole. */
export const TALLEST = 12_000_000;
/** So few are all drawn: then the browser's own search finds them, and all can be selected. */
const ALL = 300;
const OVERSCAN = 8;

export interface Window {
  first: number;
  /** Behind the last. */
  end: number;
  /** Pixels from the top of the content to the first row. */
  top: number;
  /** Of the content. */
  height: number;
}

export function windowOf(count: number, rowHeight: number, scrollTop: number, viewport: number): Window {
  const total = count * rowHeight;
  const height = Math.min(total, TALLEST);
  const visible = Math.ceil(viewport / rowHeight) + 1;

  if (count <= ALL) return { first: 0, end: count, top: 0, height };
  if (total <= TALLEST) {
    const at = Math.floor(scrollTop / rowHeight);
    const first = Math.max(0, Math.min(at, count - visible) - OVERSCAN);
    return { first, end: Math.min(count, at + visible + OVERSCAN), top: first * rowHeight, height };
  }
  const share = Math.min(1, Math.max(0, scrollTop / (height - viewport)));
  const at = Math.round(share * Math.max(0, count - Math.floor(viewport / rowHeight)));
  const first = Math.max(0, at - OVERSCAN);
  return {
    first,
    end: Math.min(count, at + visible + OVERSCAN),
    top: scrollTop - (at - first) * rowHeight,
    height,
  };
}

/** The scroll position that shows a row in the upper third. */
export function scrollTo(row: number, count: number, rowHeight: number, viewport: number): number {
  const total = count * rowHeight;
  const wanted = row * rowHeight - viewport / 3;
  if (total <= TALLEST) return Math.max(0, wanted);
  return (Math.max(0, wanted) / (total - viewport)) * (TALLEST - viewport);
}
