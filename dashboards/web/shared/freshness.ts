// How far a device's last reading can be trusted to be current.

import type { Device, Freshness } from "./wire";

/** Periods without a reading; as the server counts them. */
const lateAfter = 2;
const silentAfter = 5;

/** The device's freshness at a server time, in ms. */
export function freshnessAt(device: Device, now: number): Freshness {
  const { heard, period } = device.properties;
  // Of the past it may be known that it was silent, and not since when.
  if (!heard) return device.properties.freshness === "silent" ? "silent" : "never";
  const age = (now - Date.parse(heard)) / 1000;
  if (age <= lateAfter * period) return "fresh";
  return age <= silentAfter * period ? "late" : "silent";
}

export function countFreshness(devices: Iterable<Device>, now: number): Record<Freshness, number> {
  const counts: Record<Freshness, number> = { fresh: 0, late: 0, silent: 0, never: 0 };
  for (const device of devices) counts[freshnessAt(device, now)]++;
  return counts;
}
