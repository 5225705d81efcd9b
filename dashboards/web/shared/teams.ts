// What teams are called: alerts name them by their ids.

import { signal } from "@preact/signals";
import { get } from "./api";
import type { Feature } from "./wire";

const names = signal<ReadonlyMap<string, string>>(new Map());
/** The ids that were asked about already. */
const asked = new Set<string>();
/** After a failure it is not asked again for so long, in ms. */
const pause = 20_000;
let notBefore = 0;

/** What a team is called. What is no team's id was written by hand, and stays as it is. */
export function teamName(id: string): string {
  const name = names.value.get(id);
  if (name === undefined && id && !asked.has(id) && Date.now() >= notBefore) {
    asked.add(id);
    void ask(id);
  }
  return name ?? id;
}

async function ask(id: string): Promise<void> {
  try {
    // Where there is no list of teams, there is nothing to ask.
    if (!(await get<{ teams: boolean }>("field")).teams) return;
    const { features } = await get<{ features: Feature<{ id: string; name: string }>[] }>("teams");
    names.value = new Map(features.map((f) => [f.properties.id, f.properties.name]));
  } catch {
    asked.delete(id);
    notBefore = Date.now() + pause;
  }
}
