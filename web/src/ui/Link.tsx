// SPDX-License-Identifier: MIT
import type { ComponentProps, MouseEvent } from 'react';
import { navigate } from 'wouter/use-browser-location';

/** To another page of this interface, without loading it anew. */
export function Link({ href, children, ...props }: ComponentProps<'a'> & { href: string }) {
  function go(event: MouseEvent) {
    // Whoever wants a new tab or window gets it.
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    navigate(href);
  }
  return (
    <a {...props} href={href} onClick={go}>
      {children}
    </a>
  );
}
