// The teams that alerts are given to.

import { signal } from "@preact/signals";
import { get } from "../shared/api";
import type { Feature } from "../shared/wire";

interface TeamProperties {
  id: string;
  name: string;
  state: string;
}

export const teams = signal<readonly TeamProperties[]>([]);

/** Asks how the teams are; where that is not known their names are written by hand. */
export async function askTeams(): Promise<void> {
  try {
    const answer = await get<{ features: Feature<TeamProperties>[] }>("teams");
    const free = (t: TeamProperties): number => (t.state === "free" ? 0 : 1);
    teams.value = answer.features.map((f) => f.properties).sort((a, b) => free(a) - free(b) || a.name.localeCompare(b.name));
  } catch {
    teams.value = [];
  }
}
