// What the wall looks at: what it finds itself, or what somebody chose.

import { batch, computed, signal } from "@preact/signals";
import { alerts, now, storm, zones } from "../shared/live";
import { middle } from "../shared/map/geometry";
import type { Alert } from "../shared/wire";
import { focusOf, focusOn, type Focus } from "./focus";

/** So long after anybody touched it, in ms, the wall shows what it finds itself. */
const idleAfter = 5 * 60_000;
/** So long an alert that somebody chose has the wall, in ms. */
const pickedFor = 60_000;

/** The device somebody chose. */
export const chosen = signal<{ device: string; value?: string } | undefined>(undefined);
/**
 * The alert somebody chose; until is the server's time. It gives way to what
 * calls louder than anything did when it was chosen.
 */
const picked = signal<{ focus: Focus; until: number; loudest: number } | undefined>(undefined);
/** The matter from which somebody turned to the whole province. */
const left = signal<string | undefined>(undefined);
/** Whether anybody has touched this screen lately: nobody touches a wall, and it shows no buttons. */
export const touched = signal(false);

// As text, so that nothing follows a focus that is the same as a second ago.
const focusText = computed(() => {
  const at = now.value;
  if (at === undefined) return "";
  const own = focusOf(alerts.value, storm.value, at);
  const mine = picked.value;
  const keeps = mine && at < mine.until && !(own?.calling && own.level > mine.loudest);
  return JSON.stringify((keeps ? mine.focus : own) ?? null);
});

/** What the wall shows large. */
export const focus = computed<Focus | undefined>(() => (focusText.value ? ((JSON.parse(focusText.value) as Focus | null) ?? undefined) : undefined));

/** The alert that the focus is about, as it is now. */
export const focused = computed<Alert | undefined>(() => {
  const id = focus.value?.alert;
  return id ? alerts.value.find((a) => a.id === id) : undefined;
});

const middles = computed(() => new Map(zones.value?.features.map((z) => [z.id, middle(z.geometry.coordinates)])));

/** Where an alert is: at its device, else in the middle of its zone. */
export function whereIs(alert: Alert): [number, number] | undefined {
  return alert.geometry?.coordinates ?? middles.value.get(alert.properties.zone);
}

/** Where the map looks; undefined for the whole province. */
export const destination = computed<{ key: string; at: [number, number] } | undefined>(() => {
  const f = focus.value;
  if (!f || left.value === f.key) return undefined;
  const at = focused.value ? whereIs(focused.value) : storm.value?.rows.find((r) => r.key === f.key)?.position;
  return at && { key: f.key, at };
});

/** The device whose place is marked. */
export const shown = computed<{ device: string; value?: string } | undefined>(() => {
  if (chosen.value) return chosen.value;
  const p = focused.value?.properties;
  if (!p?.device) return undefined;
  const value = p.evidence[0]?.value;
  return value ? { device: p.device, value } : { device: p.device };
});

export function chooseAlert(alert: Alert): void {
  batch(() => {
    chosen.value = undefined;
    left.value = undefined;
    const at = now.peek() ?? 0;
    const own = focusOf(alerts.peek(), storm.peek(), at);
    picked.value = { focus: focusOn(alert), until: at + pickedFor, loudest: Math.max(alert.properties.level, own?.calling ? own.level : 0) };
  });
}

export function chooseDevice(id: string, value?: string): void {
  chosen.value = value ? { device: id, value } : { device: id };
}

/** Leaves what somebody chose; whole shows the whole province until something else calls. */
export function unpin(whole = false): void {
  batch(() => {
    chosen.value = undefined;
    picked.value = undefined;
    left.value = whole ? focus.peek()?.key : undefined;
  });
}

export function followTouch(): void {
  let timer = 0;
  const touch = (): void => {
    touched.value = true;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      touched.value = false;
      unpin();
    }, idleAfter);
  };
  for (const event of ["pointermove", "pointerdown", "keydown", "wheel"]) window.addEventListener(event, touch, { passive: true });
}
