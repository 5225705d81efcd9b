// What the wall shows of the present: what somebody chose, and where the map is.

import { batch, computed, signal } from "@preact/signals";
import { alerts } from "../shared/live";
import type { Alert } from "../shared/wire";

/** The device somebody chose, or undefined: then the worst alert's is shown. */
export const chosen = signal<{ device: string; value?: string } | undefined>(undefined);

export const shown = computed<{ device: string; value?: string } | undefined>(() => {
  if (chosen.value) return chosen.value;
  const worst = alerts.value[0]?.properties;
  if (!worst) return undefined;
  const value = worst.evidence[0]?.value;
  return value ? { device: worst.device, value } : { device: worst.device };
});

/** Where the map is asked to go; a new object each time. */
export const destination = signal<{ at?: [number, number] }>({});

export function chooseAlert(alert: Alert): void {
  const value = alert.properties.evidence[0]?.value;
  batch(() => {
    chosen.value = value ? { device: alert.properties.device, value } : { device: alert.properties.device };
    if (alert.geometry) destination.value = { at: alert.geometry.coordinates };
  });
}

export function chooseDevice(id: string, value?: string): void {
  chosen.value = value ? { device: id, value } : { device: id };
}

export function unpin(): void {
  batch(() => {
    chosen.value = undefined;
    destination.value = {};
  });
}

/** So long after anybody touched it, in ms, the wall shows the whole again. */
const idleAfter = 5 * 60_000;

export function returnWhenIdle(): void {
  let timer = 0;
  const touched = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(unpin, idleAfter);
  };
  for (const event of ["pointerdown", "keydown", "wheel"]) window.addEventListener(event, touched, { passive: true });
}
