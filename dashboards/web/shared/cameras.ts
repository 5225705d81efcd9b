// Cameras as a page shows them: how each is now, and which come first.

import type { CameraState } from "./camera/protocol";
import { freshnessAt } from "./freshness";
import type { Camera, Device } from "./wire";

/** The classes of what citywatch says of cameras and of itself: these devices are no sensors. */
const ownClasses = new Set(["camera_health", "camera_gateway", "camera_recorder", "citywatch", "canary"]);

export function isSensor(device: Device): boolean {
  return !ownClasses.has(device.properties.class) && !device.properties.indicator;
}

/** What a camera's mark shows. */
export type CameraLook = "online" | "idle" | "frozen" | "off" | "unknown";

const looks: Record<CameraState, CameraLook> = {
  online: "online",
  idle: "idle",
  frozen: "frozen",
  connecting: "unknown",
  no_video: "off",
  bad_credentials: "off",
  unreachable: "off",
  unsupported_codec: "off",
};

/** A camera and how it is now; state is undefined when that is not known. */
export interface CameraView {
  camera: Camera;
  state: CameraState | undefined;
  look: CameraLook;
}

/** Whether its pictures can be used. */
export function works(view: CameraView): boolean {
  return view.look === "online" || view.look === "idle";
}

/**
 * Joins what the API told of a camera with its health in the stream, which is
 * there within a second of a change. Health that came once and comes no more
 * says nothing of now.
 */
export function viewOf(camera: Camera, health: Device | undefined, now: number): CameraView {
  const state = stateOf(camera, health, now);
  return { camera, state, look: state ? (looks[state] ?? "unknown") : "unknown" };
}

function stateOf(camera: Camera, health: Device | undefined, now: number): CameraState | undefined {
  if (health?.properties.class !== "camera_health" || !health.properties.heard) return camera.properties.state;
  if (freshnessAt(health, now) === "silent") return undefined;
  return streamed(health) ?? camera.properties.state;
}

/** The state that the stream tells. */
export function streamed(health: Device | undefined): CameraState | undefined {
  return health?.properties.values.find((v) => v.value === "state")?.text as CameraState | undefined;
}

export function countLooks(views: readonly CameraView[]): Record<CameraLook, number> {
  const counts: Record<CameraLook, number> = { online: 0, idle: 0, frozen: 0, off: 0, unknown: 0 };
  for (const { look } of views) counts[look]++;
  return counts;
}

/** What cameras are shown about: a place, or a camera itself. */
export interface Focus {
  /** The device in question; it may be a camera. */
  device: string;
  at: [number, number] | undefined;
}

export interface Placed extends CameraView {
  /** Metres from what it is about; undefined where there is no such. */
  distance: number | undefined;
}

/**
 * Puts cameras in the order in which they are shown. About a place, the
 * nearest come first, and those that work before those that do not: but a
 * camera that is itself the matter comes before all. About nothing, each
 * keeps its place, whatever happens to it: people know where to look.
 */
export function inOrder(views: readonly CameraView[], focus: Focus | undefined): Placed[] {
  const placed = views.map((view) => ({ ...view, distance: distanceFrom(focus, view.camera) }));
  if (!focus) return placed;
  const rank = (p: Placed): number => (p.camera.id === focus.device ? 0 : works(p) ? 1 : 2);
  return placed.sort((a, b) => rank(a) - rank(b) || (a.distance ?? Infinity) - (b.distance ?? Infinity));
}

function distanceFrom(focus: Focus | undefined, camera: Camera): number | undefined {
  if (!focus?.at || !camera.geometry || camera.id === focus.device) return undefined;
  return distance(focus.at, camera.geometry.coordinates);
}

/** Metres between two points of the globe. */
export function distance(a: readonly [number, number], b: readonly [number, number]): number {
  const rad = Math.PI / 180;
  const sin = (degrees: number): number => Math.sin((degrees * rad) / 2) ** 2;
  const h = sin(b[1] - a[1]) + Math.cos(a[1] * rad) * Math.cos(b[1] * rad) * sin(b[0] - a[0]);
  return 2 * 6_371_000 * Math.asin(Math.sqrt(Math.min(1, h)));
}

/** A part of a line of time, from 0 to 1. */
export interface Span {
  from: number;
  to: number;
}

/** The intervals as parts of the time between two moments, in ms; what touches is joined. */
export function spans(intervals: readonly { from: string; to: string }[], from: number, to: number): Span[] {
  const out: Span[] = [];
  for (const interval of intervals) {
    const a = Math.max(0, (Date.parse(interval.from) - from) / (to - from));
    const b = Math.min(1, (Date.parse(interval.to) - from) / (to - from));
    if (!(b > a)) continue;
    const last = out.at(-1);
    if (last && a - last.to < 0.0005) last.to = Math.max(last.to, b);
    else out.push({ from: a, to: b });
  }
  return out;
}

/** The clip that begins at a moment of the recording, or at the next one that is there; in ms. */
export function clipAt(intervals: readonly { from: string; to: string }[], moment: number, length: number): { from: number; to: number } | undefined {
  for (const interval of intervals) {
    const [from, to] = [Date.parse(interval.from), Date.parse(interval.to)];
    if (to <= moment) continue;
    const start = Math.max(from, moment);
    return { from: start, to: start + length };
  }
  const last = intervals.at(-1);
  if (!last) return undefined;
  const end = Date.parse(last.to);
  return { from: Math.max(Date.parse(last.from), end - length), to: end };
}
