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
  /** How the number was made, where it is not the measured one: rate (per hour), sum, unchanged, max, mean, p90; over so many seconds. */
  fn?: string;
  over?: number;
}

export interface Maintenance {
  from: string;
  until?: string;
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
  /** Nothing of another kind confirms it yet. */
  to_verify?: boolean;
  /** It was over already when its data came. */
  retrospective?: boolean;
  /** The team that it was given to. */
  assigned?: string;
  escalation?: number;
  /** What people said would be done by a time. */
  promises?: { due: string; by: string; note: string }[];
  /** When a device is worked on, of the alert that stands for it; without an end until somebody ends it. */
  maintenance?: Maintenance;
  shelved?: { until: string; by: string; reason: string };
  /** The id of the alert that explains this one. */
  suppressed_by?: string;
  out_of_service?: boolean;
  flapping?: boolean;
  /** It belongs to an exercise: nothing of it is real. */
  exercise?: boolean;
  incident?: string;
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
  /** A figure of a system that the centre does not run. */
  indicator?: boolean;
}

export type Alert = Feature<AlertProperties>;
export type Device = Feature<DeviceProperties>;

export interface Transition {
  id: string;
  at: string;
  reason: string;
  actor?: string;
  note?: string;
  to?: string;
  notice?: "" | "quiet" | "sound";
}

/** The open alerts of one commune or river basin. */
export interface StormRow {
  key: string;
  kind: "zone" | "basin" | "rest";
  id: string;
  count: number;
  /** How many of them nobody has seen. */
  new: number;
  level: Level;
  /** How many of each level from 1 to 5. */
  levels: [number, number, number, number, number];
  newest: string;
  at: string;
  position: [number, number];
  /** When the row last reached a new highest level. */
  sounded?: string;
}

/** Whether so many alerts come that nobody can read them one by one, and what there is, folded. */
export interface Storm {
  on: boolean;
  since?: string;
  recent: number;
  limit: number;
  /** Seconds. */
  over: number;
  open: number;
  rows: StormRow[];
}

export type Frame =
  | { type: "snapshot"; epoch: string; seq: number; time: string; alerts: Alert[]; devices: Device[] }
  | { type: "resumed"; epoch: string; seq: number; time: string; devices: Device[] }
  | { type: "alert"; seq: number; time: string; removed?: boolean; feature: Alert; transition: Transition }
  | { type: "devices"; time: string; features: Device[]; removed?: string[] }
  | ({ type: "storm"; time: string } & Storm)
  | { type: "heartbeat"; time: string; seq: number; due?: number };

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
  /** There are so many devices that maps draw them from tiles. */
  tiles?: boolean;
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
  /** Changes with the program and with its pages. */
  build: string;
  /** Readings a second. */
  rate?: number;
  /** An exercise is under way: what is shown may be made up. */
  exercise?: boolean;
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
  /** It is pulled only while somebody watches. */
  on_demand: boolean;
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
  /** How much moves, 0 to 1. */
  activity?: number;
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
  /** The kind of problem, in one word. */
  code?: string;
  detail?: string;
  /** Where somebody was quicker: who, and how the alert is now. */
  by?: string;
  alert?: Alert;
}

export interface IncidentProperties {
  id: string;
  hazard: string;
  level: Level;
  peak: Level;
  open: boolean;
  zones: string[];
  sectors: string[];
  since: string;
  updated: string;
  version: number;
  alerts: number;
  open_alerts: number;
  devices: number;
  age: number;
}

export type Incident = Feature<IncidentProperties>;

export interface IncidentAlert {
  id: string;
  rule: string;
  name: Text;
  device: string;
  zone: string;
  sector: string;
  position: [number, number];
  level: Level;
  peak: Level;
  condition: AlertProperties["condition"];
  handling: AlertProperties["handling"];
  handled_by?: string;
  stale?: boolean;
  since: string;
  updated: string;
  open: boolean;
  age: number;
}

/** Where something is as seen from an incident: metres, and degrees clockwise from north. */
interface Nearby {
  distance: number;
  bearing: number;
}

export interface NearCamera extends Nearby {
  camera: Camera;
  /** null where it is not known which way it looks. */
  sees: boolean | null;
}

export interface NearSensor extends Nearby {
  device: Device;
  value: string;
  readings: string;
  /** null where the store has not answered in time. */
  points: Reading[] | null;
}

export interface CheckItem {
  id: string;
  rule: string;
  vi: string;
  en: string;
  /** Nobody who answers for it has looked through the list that it stands in. */
  draft?: boolean;
  done: boolean;
  by?: string;
  at?: string;
  version: number;
}

export interface IncidentEvent {
  at: string;
  alert?: string;
  reason: string;
  level?: Level;
  actor?: string;
  /** When the actor did it, where that was told later. */
  pressed?: string;
  note?: string;
  to?: string;
}

export interface TeamProperties {
  id: string;
  name: string;
  state: string;
  phone?: string;
  /** How it is known where it is: phone, scene, home; located is when that was last said, and absent for its home. */
  position_from: string;
  located?: string;
}

/** A team near an incident. */
export interface NearTeam extends Nearby {
  team: Feature<TeamProperties>;
  /** One of the incident's zones is the team's. */
  serves: boolean;
  /** It was given one of the incident's alerts. */
  here: boolean;
}

/** All that people need to know of one incident. */
export interface IncidentCard {
  time: string;
  incident: Incident;
  alerts: IncidentAlert[];
  alerts_left_out: number;
  cameras: NearCamera[];
  cameras_down: NearCamera[];
  sensors: NearSensor[];
  /** The nearest teams that are free, and those that were given something; null where no teams are known. */
  teams?: NearTeam[] | null;
  teams_out?: NearTeam[] | null;
  past: Incident[];
  checklist: { version: number; items: CheckItem[] };
  timeline: IncidentEvent[];
  timeline_left_out: number;
}

/** How the wall is to show itself where its address does not say. */
export interface WallOptions {
  distance?: number;
  panel?: number;
  layout?: string;
  layouts?: Record<string, string[]>;
}
