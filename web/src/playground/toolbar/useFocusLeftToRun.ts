// SPDX-License-Identifier: MIT
import { useLayoutEffect, type RefObject } from 'react';
import { RUN_BUTTON } from './RunButton';

/** What goes away with the focus in it leaves it to the Run button, and not to the page, where Tab begins anew. */
export function useFocusLeftToRun(place: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const element = place.current;
    return () => {
      if (element?.contains(document.activeElement)) document.getElementById(RUN_BUTTON)?.focus();
    };
  }, [place]);
}
