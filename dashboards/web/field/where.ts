// Where the phone is, and how an alert lies from there.

import { computed, signal } from "@preact/signals";
import { distance } from "../shared/cameras";
import { length } from "../shared/format";
import { remember, remembered } from "../shared/memory";
import type { Lang } from "../shared/words";
import type { Fix } from "./queue";
import { compass, say } from "./words";

export type Finding = "off" | "asking" | "on" | "denied" | "insecure";

export const fix = signal<Fix | undefined>(undefined);
export const finding = signal<Finding>("off");

let watch: number | undefined;

function found({ coords, timestamp }: GeolocationPosition): void {
  fix.value = { at: [coords.longitude, coords.latitude], accuracy: coords.accuracy, time: timestamp };
  finding.value = "on";
}

/** Begins to follow the position; the browser may ask the person. */
export function locate(): void {
  if (!window.isSecureContext || !("geolocation" in navigator)) {
    finding.value = "insecure";
    return;
  }
  if (watch !== undefined) return;
  finding.value = fix.value ? "on" : "asking";
  remember("field.locate", "yes");
  watch = navigator.geolocation.watchPosition(
    found,
    (error) => {
      if (error.code !== error.PERMISSION_DENIED) return; // no satellite yet: the last fix stands, with its age
      if (watch !== undefined) navigator.geolocation.clearWatch(watch);
      watch = undefined;
      fix.value = undefined;
      finding.value = "denied";
    },
    { enableHighAccuracy: true, maximumAge: 10_000, timeout: 60_000 },
  );
}

/** Asks once more where the phone is now, where it is followed. */
export function locateOnce(): void {
  if (watch === undefined) return;
  navigator.geolocation.getCurrentPosition(found, () => undefined, { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 });
}

/** Goes on where the person has agreed before. */
export function locateAgain(): void {
  if (remembered("field.locate") === "yes") locate();
}

/** What lists are ordered by: 100 m or so, not each step. */
export const here = computed<[number, number] | undefined>(() => {
  const at = fix.value?.at;
  return at ? [Math.round(at[0] * 2000) / 2000, Math.round(at[1] * 2000) / 2000] : undefined;
});

/** Degrees clockwise from north, from a to b. */
export function bearing(a: readonly [number, number], b: readonly [number, number]): number {
  const rad = Math.PI / 180;
  const dLon = (b[0] - a[0]) * rad;
  const y = Math.sin(dLon) * Math.cos(b[1] * rad);
  const x = Math.cos(a[1] * rad) * Math.sin(b[1] * rad) - Math.sin(a[1] * rad) * Math.cos(b[1] * rad) * Math.cos(dLon);
  return (Math.atan2(y, x) / rad + 360) % 360;
}

/** "2,3 km hướng đông bắc" */
export function away(lang: Lang, from: readonly [number, number], to: readonly [number, number]): string {
  const metres = distance(from, to);
  const point = compass[lang][Math.round(bearing(from, to) / 45) % 8] ?? "";
  return say(lang, "away", { distance: length(lang, metres), bearing: point });
}
