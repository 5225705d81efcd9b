// Alerts gathered by where they are, for the map.

import type { Alert, Level } from "./wire";
import { unseen, worstFirst } from "./world";

/** Everything that is open at one place; worst is what its marker shows. */
export interface Place {
  at: [number, number];
  worst: Alert;
  count: number;
}

/** The unseen come before the seen: they are what the map must show. */
function first(a: Alert, b: Alert): number {
  return Number(unseen(b)) - Number(unseen(a)) || worstFirst(a, b);
}

/** Gathers alerts that stand less than about 10 m apart; whereIs finds a place for those that have none of their own. */
export function places(alerts: readonly Alert[], whereIs: (alert: Alert) => [number, number] | undefined = (a) => a.geometry?.coordinates): Place[] {
  const found = new Map<string, Place>();
  for (const alert of [...alerts].sort(first)) {
    const at = whereIs(alert);
    if (!at) continue;
    const key = at.map((degrees) => degrees.toFixed(4)).join();
    const place = found.get(key);
    if (place) place.count++;
    else found.set(key, { at, worst: alert, count: 1 });
  }
  return [...found.values()];
}

/** The highest level of the unseen alerts of each zone. */
export function zoneLevels(alerts: readonly Alert[]): Map<string, Level> {
  const levels = new Map<string, Level>();
  for (const { properties: p } of alerts.filter(unseen)) {
    const before = levels.get(p.zone);
    if (p.zone && (before === undefined || p.level > before)) levels.set(p.zone, p.level);
  }
  return levels;
}
