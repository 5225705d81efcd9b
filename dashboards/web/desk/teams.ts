// The teams that alerts are given to.

import { signal } from "@preact/signals";
import { get } from "../shared/api";

export interface Team {
  id: string;
  name: string;
  /** What else a server tells of it. */
  phone?: string;
  zones?: string[];
}

export const teams = signal<readonly Team[]>([]);

/** Asks once; where the server knows no teams, their names are written by hand. */
export async function askTeams(): Promise<void> {
  try {
    const answer = await get<{ teams?: Team[] }>("teams");
    teams.value = answer.teams ?? [];
  } catch {
    teams.value = [];
  }
}
