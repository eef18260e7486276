// SPDX-License-Identifier: MIT
import { useEffect, useRef, useState, type ReactNode } from 'react';

/** What may be wider than its place: reached by keyboard if it is, and no stop on the way if it is not. */
export function ScrollArea({ label, className, children }: { label: string; className: string; children: ReactNode }) {
  const area = useRef<HTMLDivElement>(null);
  const [isScrolled, setScrolled] = useState(false);

  useEffect(() => {
    const element = area.current;
    if (!element) return;
    const sizes = new ResizeObserver(() => setScrolled(element.scrollWidth > element.clientWidth));
    sizes.observe(element);
    if (element.firstElementChild) sizes.observe(element.firstElementChild);
    return () => sizes.disconnect();
  }, []);

  const focusable = isScrolled ? { role: 'region', 'aria-label': label, tabIndex: 0 } : {};
  return (
    <div ref={area} className={className} {...focusable}>
      {children}
    </div>
  );
}
