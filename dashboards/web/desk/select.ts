// The alerts that pass the filter, and moving among them.

import { computed } from "@preact/signals";
import { unseen } from "../shared/world";
import { filter, narrowed, passes } from "./filter";
import { shownAlerts } from "./hindsight";
import { wordsOf } from "./names";
import { chosen, openThing } from "./route";

export const listed = computed(() => {
  const f = filter.value;
  return narrowed(f) === 0 ? shownAlerts.value : shownAlerts.value.filter((a) => passes(f, a, wordsOf(a)));
});

/** What the filter keeps away: nobody may take it for nothing. */
export const hidden = computed(() => {
  const shown = new Set(listed.value.map((a) => a.id));
  const away = shownAlerts.value.filter((a) => !shown.has(a.id));
  return { all: away.length, unseen: away.filter(unseen).length };
});

export const chosenAlert = computed(() => {
  const c = chosen.value;
  return c?.kind === "alert" ? shownAlerts.value.find((a) => a.id === c.id) : undefined;
});

/** Chooses the next alert of the list, or the one before. */
export function step(by: 1 | -1): void {
  const list = listed.value;
  if (list.length === 0) return;
  const c = chosen.value;
  const at = c?.kind === "alert" ? list.findIndex((a) => a.id === c.id) : -1;
  const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + by, 0), list.length - 1);
  openThing("alert", list[next]!.id);
}
