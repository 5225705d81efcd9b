// The few numbers of each sector that matter, each with where and when it was
// measured. What is silent counts for nothing but as silent.

import type { CameraView } from "../shared/cameras";
import { works } from "../shared/cameras";
import { freshnessAt } from "../shared/freshness";
import type { Device, ValueProperties } from "../shared/wire";
import type { WallWord } from "./words";

export const sectors = ["disaster", "fire", "traffic", "tourism", "environment"] as const;
export type SectorID = (typeof sectors)[number];

export interface Fact {
  label: WallWord;
  /** undefined: nothing current is known. */
  value?: ValueProperties;
  /** So many of so many, where the fact is a count. */
  count?: { n: number; all?: number };
  /** The name of the place. */
  place?: string;
  /** When, in ms: of a count, the oldest that counts. */
  at?: number;
  /** It is not as it should be. */
  bad?: boolean;
}

export interface Sector {
  id: SectorID;
  facts: Fact[];
  /** How many sensors it has, and how many of them are silent or were never heard. */
  sensors: number;
  silent: number;
}

/** Joins what is known of one sector at a server time, in ms. */
export function sectorOf(id: SectorID, devices: readonly Device[], cameras: readonly CameraView[], now: number): Sector {
  const own = devices.filter((d) => d.properties.sector === id);
  const heard = own.filter((d) => ["fresh", "late"].includes(freshnessAt(d, now)));
  return { id, sensors: own.length, silent: own.length - heard.length, facts: facts[id](heard, cameras.filter((v) => v.camera.properties.sector === id)) };
}

const facts: Record<SectorID, (heard: readonly Device[], cameras: readonly CameraView[]) => Fact[]> = {
  disaster: (d) => [extreme("rain1h", d, "rain_1h", 1), extreme("rain24h", d, "rain_24h", 1), extreme("soil", d, "soil_moisture", 1)],
  fire: (d) => {
    const panels = d.filter((x) => x.properties.class === "fire_panel");
    const state = (x: Device): string => x.properties.values.find((v) => v.value === "state")?.text ?? "";
    const burning = panels.filter((x) => state(x) === "fire");
    const normal = panels.filter((x) => state(x) === "normal");
    const tripped = d.filter((x) => x.properties.values.some((v) => (v.value === "smoke" || v.value === "heat") && (v.number ?? 0) > 0));
    return [
      { label: "panels", count: { n: normal.length, all: panels.length }, ...oldest(panels) },
      ...(burning.length > 0 ? [{ label: "panelsFire" as const, count: { n: burning.length }, ...where(burning), bad: true }] : []),
      ...(panels.length - normal.length - burning.length > 0 ? [{ label: "panelsFault" as const, count: { n: panels.length - normal.length - burning.length }, ...oldest(panels) }] : []),
      { label: "detectors", count: { n: tripped.length }, ...(tripped.length > 0 ? where(tripped) : oldest(d)), bad: tripped.length > 0 },
    ];
  },
  traffic: (d) => [extreme("slowest", d, "speed", -1), extreme("busiest", d, "flow", 1)],
  tourism: (_, cameras) => {
    const usable = cameras.filter((v) => works(v) && v.camera.properties.usable !== false);
    const seen = cameras.map((v) => Date.parse(v.camera.properties.last_frame ?? "")).filter(Number.isFinite);
    const crowd = usable
      .filter((v) => v.camera.properties.activity !== undefined)
      .sort((a, b) => b.camera.properties.activity! - a.camera.properties.activity!)[0]?.camera.properties;
    return [
      { label: "points", count: { n: usable.length, all: cameras.length }, bad: usable.length < cameras.length, ...(seen.length > 0 ? { at: Math.max(...seen) } : {}) },
      {
        label: "crowd",
        ...(crowd ? { place: crowd.name, value: { value: "activity", number: crowd.activity! * 100, unit: "%", decimals: 0, time: crowd.last_frame ?? "" }, ...(crowd.last_frame ? { at: Date.parse(crowd.last_frame) } : {}) } : {}),
      },
    ];
  },
  environment: (d) => [extreme("aqi", d, "aqi", 1), extreme("pm", d, "pm2_5", 1), extreme("coldest", d.filter((x) => x.properties.class === "air_station"), "temperature", -1)],
};

/** The highest (sign 1) or lowest (-1) of a value among devices. */
function extreme(label: WallWord, devices: readonly Device[], value: string, sign: 1 | -1): Fact {
  let best: { v: ValueProperties; d: Device } | undefined;
  for (const d of devices) {
    const v = d.properties.values.find((x) => x.value === value);
    if (v?.number === undefined) continue;
    if (!best || sign * (v.number - best.v.number!) > 0) best = { v, d };
  }
  return best ? { label, value: best.v, place: best.d.properties.name, at: Date.parse(best.v.time) } : { label };
}

function where(devices: readonly Device[]): Partial<Fact> {
  const first = devices[0]?.properties;
  return first ? { place: first.name, ...(first.heard ? { at: Date.parse(first.heard) } : {}) } : {};
}

/** A count is as old as the oldest reading in it. */
function oldest(devices: readonly Device[]): Partial<Fact> {
  const times = devices.flatMap((d) => (d.properties.heard ? [Date.parse(d.properties.heard)] : []));
  return times.length > 0 ? { at: Math.min(...times) } : {};
}
