// Where the wall looks by itself. The answer depends on nothing but the open
// alerts and the server's time: walls beside each other look at the same
// thing, and so does one that has just been switched on.

import { calls } from "../shared/world";
import type { Alert, Level, Storm } from "../shared/wire";

/** How long a matter keeps the wall before the next of the same level has its turn, in ms. */
export const hold = 20_000;
/** How long the wall stays with what somebody has just seen, when nothing else calls, in ms. */
export const linger = 60_000;

export interface Focus {
  /** The incident's id, the alert's where it has none, or of a storm the row's key. */
  key: string;
  incident?: string;
  /** The alert that it is about; empty for a row of a storm. */
  alert: string;
  level: Level;
  /** Nobody has seen it. */
  calling: boolean;
}

interface Group extends Focus {
  /** When it began to call at its level, in ms. */
  at: number;
}

/**
 * What the wall shows large at a server time, in ms: of the highest level that
 * calls, the newest that had its turn. Each has the wall for at least hold, so
 * a flood does not make it jump; a higher level has it at once, and nothing
 * lower takes it before somebody has seen that. When nothing calls, what
 * somebody has seen last stays for a while.
 */
export function focusOf(alerts: readonly Alert[], storm: Storm | undefined, now: number): Focus | undefined {
  const groups = storm?.on ? rows(storm) : incidents(alerts);
  const top = groups.reduce((most, g) => Math.max(most, g.level), 0);
  const turn = lastTurn(groups.filter((g) => g.level === top), now);
  if (turn) return without(turn);
  return storm?.on ? undefined : lastSeen(alerts, now);
}

/** Groups the alerts that call by incident. */
function incidents(alerts: readonly Alert[]): Group[] {
  const groups = new Map<string, Group>();
  for (const alert of alerts) {
    if (!calls(alert)) continue;
    const p = alert.properties;
    const key = p.incident ?? alert.id;
    // An escalation moves an alert to the end of the queue, and so has the wall look again.
    const at = Date.parse(p.updated);
    const known = groups.get(key);
    if (known && (known.level > p.level || (known.level === p.level && known.at <= at))) continue;
    groups.set(key, { key, alert: alert.id, level: p.level, calling: true, at, ...(p.incident === undefined ? {} : { incident: p.incident }) });
  }
  return [...groups.values()];
}

/** The rows of a storm that hold what nobody has seen. A row calls anew only by a new highest level. */
function rows(storm: Storm): Group[] {
  return storm.rows
    .filter((r) => r.new > 0)
    .map((r) => ({ key: r.key, alert: "", level: r.level, calling: true, at: Date.parse(r.sounded ?? storm.since ?? r.at) }));
}

/** Gives each its turn, in the order in which they came. */
function lastTurn(groups: readonly Group[], now: number): Group | undefined {
  const queue = [...groups].sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
  let last: Group | undefined;
  let begun = -Infinity;
  for (const group of queue) {
    const turn = Math.max(group.at, begun + hold);
    // The first has its turn even if our clock is a little behind.
    if (last && turn > now) break;
    [last, begun] = [group, turn];
  }
  return last;
}

function lastSeen(alerts: readonly Alert[], now: number): Focus | undefined {
  let last: Alert | undefined;
  for (const alert of alerts) {
    const p = alert.properties;
    if (p.handling === "new" || p.condition === "normal" || now - Date.parse(p.updated) > linger) continue;
    if (!last || Date.parse(p.updated) > Date.parse(last.properties.updated) || (p.updated === last.properties.updated && alert.id < last.id)) last = alert;
  }
  return last && { ...focusOn(last), calling: false };
}

/** The focus that somebody puts on an alert. */
export function focusOn(alert: Alert): Focus {
  const { incident, level } = alert.properties;
  return { key: incident ?? alert.id, alert: alert.id, level, calling: calls(alert), ...(incident === undefined ? {} : { incident }) };
}

function without({ at: _, ...focus }: Group): Focus {
  return focus;
}
