// Which of the alerts are listed and drawn.

import { signal } from "@preact/signals";
import type { Alert, AlertProperties } from "../shared/wire";
import { fold, matches } from "./fold";

/** Why nobody is called about an alert; "none" is that somebody is. */
export type OverlayKind = "none" | "shelved" | "suppressed" | "out_of_service" | "flapping";

export interface Filter {
  text: string;
  zone: string;
  sector: string;
  hazard: string;
  /** The lowest level that passes. */
  level: number;
  condition: "" | AlertProperties["condition"] | "stale";
  handling: "" | AlertProperties["handling"] | "unfinished";
  overlay: "" | OverlayKind;
}

export const everything: Filter = { text: "", zone: "", sector: "", hazard: "", level: 1, condition: "", handling: "", overlay: "" };
export const filter = signal<Filter>(everything);

export function setFilter(change: Partial<Filter>): void {
  filter.value = { ...filter.value, ...change };
}

/** How many of its parts keep something away. */
export function narrowed(f: Filter): number {
  return (Object.keys(everything) as (keyof Filter)[]).filter((key) => f[key] !== everything[key]).length;
}

export function overlaysOf(p: AlertProperties): OverlayKind[] {
  const out: OverlayKind[] = [];
  if (p.shelved) out.push("shelved");
  if (p.suppressed_by) out.push("suppressed");
  if (p.out_of_service) out.push("out_of_service");
  if (p.flapping) out.push("flapping");
  return out.length > 0 ? out : ["none"];
}

/** Whether an alert passes; words are what else is known of it, such as the names of its device and zone. */
export function passes(f: Filter, alert: Alert, words: string): boolean {
  const p = alert.properties;
  return (
    p.level >= f.level &&
    (f.zone === "" || p.zone === f.zone) &&
    (f.sector === "" || p.sector === f.sector) &&
    (f.hazard === "" || p.hazard === f.hazard) &&
    (f.condition === "" || (f.condition === "stale" ? p.stale : p.condition === f.condition)) &&
    (f.handling === "" || (f.handling === "unfinished" ? p.handling !== "new" : p.handling === f.handling)) &&
    (f.overlay === "" || overlaysOf(p).includes(f.overlay)) &&
    (f.text === "" || matches(fold(f.text), words) > 0)
  );
}
