// Of a long checklist the wall shows what is next: the desk has all of it.

import type { CheckItem } from "../shared/wire";

/** So many items have room beside the timeline. */
const most = 4;

/** What is shown of a checklist: all of a short one, else what is next; and how much is to be done besides. */
export function nextSteps(items: readonly CheckItem[]): { shown: readonly CheckItem[]; more: number } {
  if (items.length <= most) return { shown: items, more: 0 };
  const open = items.filter((item) => !item.done);
  // The line that says how many more there are takes the place of one.
  const shown = open.length <= most ? open : open.slice(0, most - 1);
  return { shown, more: open.length - shown.length };
}
