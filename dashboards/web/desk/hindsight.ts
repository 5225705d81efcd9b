// The moment that is shown: now, or one of the past, for everything at once.

import { computed, effect, signal } from "@preact/signals";
import { get, ApiError } from "../shared/api";
import { streamed, viewOf, type CameraView } from "../shared/cameras";
import { isSensor } from "../shared/cameras";
import { alerts, devices, now } from "../shared/live";
import { cameras, views } from "../shared/views";
import type { Alert, Device } from "../shared/wire";

/** How things were at a moment. */
export interface Past {
  time: string;
  at: string;
  /** How far back alerts are remembered. */
  since: string;
  /** null: that cannot be told. */
  alerts: { features: Alert[] } | null;
  devices: { features: Device[] } | null;
  recordings: { camera: string; from: string; to: string }[];
  trouble: string[];
}

/** The server's time that is looked at, in ms; undefined is now. */
export const moment = signal<number | undefined>(undefined);

export type Told = { state: "loading"; before?: Past } | { state: "failed"; why: string } | { state: "here"; past: Past };
/** What the server tells of it. */
export const told = signal<Told>({ state: "loading" });

/** The answer that is shown: while the next one comes, the one before. */
export const past = computed<Past | undefined>(() => {
  if (moment.value === undefined) return undefined;
  const t = told.value;
  return t.state === "here" ? t.past : t.state === "loading" ? t.before : undefined;
});

/** The time for which everything is shown; undefined before the server's is known. */
export const shownTime = computed(() => moment.value ?? now.value);
const nothing: Alert[] = [];
export const shownAlerts = computed<readonly Alert[]>(() =>
  moment.value === undefined ? alerts.value : (past.value?.alerts?.features ?? nothing),
);
const pastDevices = computed<ReadonlyMap<string, Device>>(() => new Map((past.value?.devices?.features ?? []).map((d) => [d.id, d])));
export const shownDevices = computed(() => (moment.value === undefined ? devices.value : pastDevices.value));
export const shownSensors = computed(() => [...shownDevices.value.values()].filter(isSensor));
export const shownViews = computed<readonly CameraView[]>(() => {
  const at = moment.value;
  if (at === undefined) return views.value;
  return cameras.value.map((camera) => {
    const health = pastDevices.value.get(camera.id);
    // How it is now says nothing of then.
    if (!streamed(health)) return { camera, state: undefined, look: "unknown" };
    return viewOf(camera, health, at);
  });
});

/** What is asked of the server for while somebody still moves the scrubber waits this long, in ms. */
const settle = 150;

/** Asks the server whenever the moment changes. */
export function startHindsight(): void {
  let abort = new AbortController();
  effect(() => {
    const at = moment.value;
    abort.abort();
    if (at === undefined) return;
    abort = new AbortController();
    const { signal: given } = abort;
    const t = told.peek();
    const before = t.state === "here" ? t.past : t.state === "loading" ? t.before : undefined;
    told.value = before ? { state: "loading", before } : { state: "loading" };
    window.setTimeout(() => void ask(at, given), settle);
  });
}

async function ask(at: number, given: AbortSignal): Promise<void> {
  if (given.aborted) return;
  try {
    const answer = await get<Past>(`at?time=${encodeURIComponent(new Date(at).toISOString())}`, given);
    told.value = { state: "here", past: answer };
  } catch (error) {
    if (given.aborted) return;
    told.value = { state: "failed", why: error instanceof ApiError || error instanceof Error ? error.message : String(error) };
  }
}

/** Leaves the past. */
export function toNow(): void {
  moment.value = undefined;
  told.value = { state: "loading" };
}
