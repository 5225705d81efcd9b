// What the server sends: the types of the HTTP API's and the stream's JSON.

import type { CameraState } from "./camera/protocol";

/** The five levels of Decision 18/2021/QĐ-TTg. */
export type Level = 1 | 2 | 3 | 4 | 5;

export type Freshness = "fresh" | "late" | "silent" | "never";

export interface Text {
  vi: string;
  en: string;
}

export interface Point {
  type: "Point";
  coordinates: [number, number];
}

export interface Feature<P> {
  type: "Feature";
  id: string;
  geometry: Point | null;
  properties: P;
}

export interface Evidence {
  device: string;
  value: string;
  number: number;
  text?: string;
  unit?: string;
  time: string;
  bound?: number;
}

export interface AlertProperties {
  id: string;
  rule: string;
  name: Text;
  hazard: string;
  level: Level;
  condition: "normal" | "pending" | "active" | "recovering";
  handling: "new" | "acknowledged" | "dispatched" | "on_scene" | "contained" | "closed" | "false_alarm";
  handled_by?: string;
  stale: boolean;
  open: boolean;
  zone: string;
  sector: string;
  device: string;
  since: string;
  updated: string;
  version: number;
  evidence: Evidence[];
}

export interface ValueProperties {
  value: string;
  label?: Text;
  number?: number;
  text?: string;
  unit?: string;
  decimals: number;
  time: string;
}

export interface Bound {
  level: Level;
  /** null: the level exists, but nobody has said where it begins. */
  bound: number | null;
}

export interface DeviceProperties {
  id: string;
  name: string;
  class: string;
  zone: string;
  sector: string;
  level: Level | 0;
  freshness: Freshness;
  heard?: string;
  /** Seconds. */
  period: number;
  values: ValueProperties[];
  bounds?: Record<string, Bound[]>;
}

export type Alert = Feature<AlertProperties>;
export type Device = Feature<DeviceProperties>;

export interface Transition {
  id: string;
  at: string;
  reason: string;
  actor?: string;
}

export type Frame =
  | { type: "snapshot"; epoch: string; seq: number; time: string; alerts: Alert[]; devices: Device[] }
  | { type: "resumed"; epoch: string; seq: number; time: string; devices: Device[] }
  | { type: "alert"; seq: number; time: string; removed?: boolean; feature: Alert; transition: Transition }
  | { type: "devices"; time: string; features: Device[]; removed?: string[] }
  | { type: "heartbeat"; time: string; seq: number };

export interface Zone {
  type: "Feature";
  id: string;
  geometry: { type: "MultiPolygon"; coordinates: [number, number][][][] };
  properties: { id: string; name: string };
}

export interface ZoneCollection {
  type: "FeatureCollection";
  time: string;
  features: Zone[];
}

export interface Province {
  id: string;
  name: string;
  time_zone: string;
  /** West, south, east, north. */
  extent: [number, number, number, number];
}

export interface Class {
  id: string;
  name: Text;
  sector: string;
}

export type PartState = "ok" | "degraded" | "down" | "unknown";

export interface Part {
  name: string;
  state: PartState;
  since?: string;
  detail?: string;
}

export interface Health {
  time: string;
  sources: Part[];
  journal: Part;
  store: Part;
  lags: { reader: string; entries: number; seconds: number }[];
  freshness: Record<Freshness, number>;
  devices: number;
  unconfigured: { device: string; name: string; value: string; level: Level }[];
}

export interface Reading {
  time: string;
  value: number;
}

export interface Readings {
  time: string;
  from: string;
  to: string;
  /** Seconds; 0 says that the points are the readings themselves. */
  every: number;
  points: Reading[];
}

export interface CameraProperties {
  id: string;
  name: string;
  state: CameraState;
  since?: string;
  detail?: string;
  zone: string;
  sector: string;
  gateway?: string;
  /** Degrees clockwise from north, and how wide it sees. */
  bearing?: number;
  view?: number;
  last_frame?: string;
  codec?: string;
  width?: number;
  height?: number;
  fps?: number;
  /** Bit/s. */
  bitrate?: number;
  recording?: boolean;
  usable?: boolean;
  picture?: string;
}

export type Camera = Feature<CameraProperties>;

export interface CameraCollection {
  type: "FeatureCollection";
  time: string;
  features: Camera[];
}

/** What is recorded of a camera between two times. */
export interface Interval {
  from: string;
  to: string;
}

/** RFC 9457 problem details. */
export interface Problem {
  title: string;
  status: number;
  detail?: string;
}
