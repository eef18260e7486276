// SPDX-License-Identifier: MIT
import { useEffect, useState } from 'react';
import { recall, remember } from '../../lib/storage';

/** Per cent, kept in the browser. */
export function useKeptSize(name: string, usual: number, min: number, max: number) {
  const key = `sentinel.size.${name}`;
  const [size, setSize] = useState(() => {
    const kept = Number.parseFloat(recall(key) ?? '');
    return kept >= min && kept <= max ? kept : usual;
  });
  useEffect(() => {
    const timer = setTimeout(() => remember(key, size === usual ? null : size.toFixed(1)), 300);
    return () => clearTimeout(timer);
  }, [key, size, usual]);
  return [size, setSize] as const;
}
