// The card of the incident that the wall looks at, asked for when it comes and
// whenever one of its alerts changes.

import { computed, effect, signal } from "@preact/signals";
import { get } from "../shared/api";
import { alerts, phase } from "../shared/live";
import type { IncidentCard } from "../shared/wire";
import { focus } from "./state";

/** How often it is asked for again although nothing changed, in ms: cameras and sensors do. */
const askEvery = 15_000;
/** Changes that come together are asked for together, after so many ms. */
const askSoon = 250;
const patience = 8_000;

/** What is known of an incident; card is undefined until the server has answered. */
export interface Known {
  incident: string;
  card?: IncidentCard;
  /** The last time of asking failed: what is shown is as old as it says. */
  failed: boolean;
}

export const known = signal<Known | undefined>(undefined);

/** The incident, and what of its alerts decides whether it has to be asked for anew. */
const wanted = computed(() => {
  const incident = focus.value?.incident;
  if (!incident) return "";
  const versions = alerts.value.filter((a) => a.properties.incident === incident).map((a) => `${a.id}@${a.properties.version}`);
  return [incident, ...versions.sort()].join("\n");
});

export function followCard(): void {
  let timer = 0;
  let running = new AbortController();
  const ask = async (incident: string): Promise<void> => {
    window.clearTimeout(timer);
    running.abort();
    const mine = (running = new AbortController());
    timer = window.setTimeout(() => void ask(incident), askEvery);
    if (phase.peek() === "lost") return;
    try {
      const card = await get<IncidentCard>(`incidents/${encodeURIComponent(incident)}`, AbortSignal.any([mine.signal, AbortSignal.timeout(patience)]));
      if (!mine.signal.aborted) known.value = { incident, card, failed: false };
    } catch {
      const old = known.peek();
      if (!mine.signal.aborted && old?.incident === incident) known.value = { ...old, failed: true };
    }
  };
  effect(() => {
    const [incident = ""] = wanted.value.split("\n");
    window.clearTimeout(timer);
    if (!incident) {
      running.abort();
      known.value = undefined;
      return;
    }
    const first = known.peek()?.incident !== incident;
    if (first) known.value = { incident, failed: false };
    if (first) void ask(incident);
    else timer = window.setTimeout(() => void ask(incident), askSoon);
  });
}
