// Who has the phone, and what they look after: chosen once.

import { signal } from "@preact/signals";
import { remember, remembered } from "../shared/memory";
import type { Level } from "../shared/wire";

export interface Me {
  person: string;
  team: string;
  /** None are the whole province. */
  zones: string[];
  level: Level;
}

const key = "field.me";

function load(): Me | undefined {
  try {
    const m = JSON.parse(remembered(key) ?? "") as Partial<Me>;
    if (!m.person) return undefined;
    const level = m.level ?? 1;
    return { person: m.person, team: m.team ?? "", zones: m.zones ?? [], level };
  } catch {
    return undefined; // never chosen
  }
}

export const me = signal<Me | undefined>(load());
/** Whether the settings are open. */
export const editing = signal(false);

export function setMe(next: Me): void {
  me.value = next;
  remember(key, JSON.stringify(next));
  remember("operator", next.person);
}
