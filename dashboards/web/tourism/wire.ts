// What the API tells of the tourism camera points.

import type { Text } from "../shared/wire";

/** A part of the time, or a mean over it. */
export interface Share {
  /** null: nothing was measured. */
  value: number | null;
  /** On how much of the time it rests, 0 to 1. */
  measured: number;
}

export interface Standing {
  camera: string;
  up: Share;
  usable: Share;
}

export interface Hours {
  day: string;
  before: string;
  hours: { hour: number; from: string; activity: Share; before: Share }[];
  views: { hour: number; days: number; usable?: number; brightness?: number; contrast?: number; best: boolean }[];
  enough: boolean;
}

export interface PointReport {
  camera: string;
  name: string;
  zone: string;
  up: Share;
  up_before: Share;
  usable: Share;
  usable_before: Share;
  activity: Share;
  activity_before: Share;
  outages: { count: number; total: number; longest: number; at?: string };
  busiest?: { from: string; activity: number };
  /** Hours. */
  recorded?: number;
}

/** A week of one indicator. */
export interface FigureReport {
  id: string;
  name: string;
  label: Text;
  unit: string;
  decimals: number;
  target?: number;
  better: "higher" | "lower";
  owner: string;
  source: string;
  /** Seven, from Monday on; null: no figure came. */
  days: { day: string; value: number | null }[];
  mean: number | null;
  told: number;
  mean_before: number | null;
  told_before: number;
  met?: boolean;
}

export interface Report {
  time: string;
  week: string;
  from: string;
  to: string;
  until: string;
  points: PointReport[];
  indicators: FigureReport[];
  method: { of: string; text: Text }[];
}

export type Corner = [number, number];
export type Mask = Corner[][];

export interface PublicLink {
  id: string;
  camera: string;
  kind: "snapshot" | "stream";
  href?: string;
  open: boolean;
  mask: Mask;
  version: number;
  created_by: string;
  created: string;
  expires: string;
  revoked_by?: string;
  revoked?: string;
}

export interface Access {
  time: string;
  event: "created" | "masked" | "revoked" | "looking" | "looked";
  actor?: string;
  address?: string;
  pictures?: number;
}
