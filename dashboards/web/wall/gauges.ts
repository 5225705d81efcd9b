// River gauges against their alarm levels (báo động).

import { split } from "../shared/series";
import type { Device, Level, ValueProperties } from "../shared/wire";

export interface Gauge {
  device: Device;
  value: ValueProperties | undefined;
  drawn: { level: Level; bound: number }[];
  missing: Level[];
  /** The highest level that is reached, and the next that begins somewhere. */
  reached: { level: Level; bound: number } | undefined;
  next: { level: Level; bound: number } | undefined;
}

export function gaugeOf(device: Device): Gauge {
  const value = device.properties.values.find((v) => v.value === "water_level");
  const { drawn, missing } = split(device.properties.bounds?.["water_level"] ?? []);
  const level = value?.number;
  const reached = level === undefined ? undefined : drawn.filter((b) => b.bound <= level).at(-1);
  const next = level === undefined ? undefined : drawn.find((b) => b.bound > level);
  return { device, value, drawn, missing, reached, next };
}

/**
 * The gauges in the order in which they matter: those over an alarm level, the
 * highest first, then by how little is missing to the next one; last those of
 * which nobody has said where their levels begin.
 */
export function inOrder(devices: readonly Device[]): Gauge[] {
  const gauges = devices.filter((d) => d.properties.class === "river_gauge").map(gaugeOf);
  const gap = (g: Gauge): number => (g.next && g.value?.number !== undefined ? g.next.bound - g.value.number : Infinity);
  return gauges.sort(
    (a, b) =>
      Number(b.drawn.length > 0) - Number(a.drawn.length > 0) ||
      (b.reached?.level ?? 0) - (a.reached?.level ?? 0) ||
      gap(a) - gap(b) ||
      (a.device.id < b.device.id ? -1 : 1),
  );
}
