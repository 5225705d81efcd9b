// How much of a list cannot be seen.

import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/** How many rows lie below what can be seen: nobody scrolls a wall, so it says so. */
export function useBelow(scroller: RefObject<HTMLOListElement | null>, list: readonly unknown[]): number {
  const below = useSignal(0);
  const seen = list.length > 0;
  useLayoutEffect(() => {
    const ol = scroller.current;
    if (!ol) {
      below.value = 0;
      return;
    }
    const count = (): void => {
      const bottom = ol.getBoundingClientRect().bottom;
      // An alert counts as seen when its upper half is.
      below.value = [...ol.children].filter((li) => {
        const box = li.getBoundingClientRect();
        return box.top + box.height / 2 > bottom;
      }).length;
    };
    count();
    const observer = new ResizeObserver(count);
    observer.observe(ol);
    ol.addEventListener("scroll", count, { passive: true });
    return () => {
      observer.disconnect();
      ol.removeEventListener("scroll", count);
    };
  }, [list, seen]);
  return below.value;
}
