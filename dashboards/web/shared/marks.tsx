// The shapes of levels and devices, drawn once for the list and the map: each
// level has its own outline besides its colour and number, so that neither
// colour-blind eyes nor a bad projector lose it.

import type { JSX } from "preact";
import type { CameraLook } from "./cameras";
import { levelColors, token } from "./theme";
import type { Level } from "./wire";

/** Outlines in a box of 100 × 100, and how far below the middle their number stands. */
const outlines: Record<Level, { path: string; down: number }> = {
  1: { path: "M50 6a44 44 0 1 0 .01 0z", down: 0 },
  2: { path: "M20 10h60a10 10 0 0 1 10 10v60a10 10 0 0 1-10 10H20a10 10 0 0 1-10-10V20a10 10 0 0 1 10-10z", down: 0 },
  3: { path: "M50 5q4 0 6.500 4.500L97 82q5 10-6 10H9q-11 0-6-10L43.500 9.500Q46 5 50 5z", down: 13 },
  4: { path: "M50 1q4 0 7 3l39 39q6 7 0 14L57 96q-7 6-14 0L4 57q-6-7 0-14L43 4q3-3 7-3z", down: 0 },
  5: { path: "M32 3h36q4 0 7 3l19 19q3 3 3 7v36q0 4-3 7L75 94q-3 3-7 3H32q-4 0-7-3L6 75q-3-3-3-7V32q0-4 3-7L25 6q3-3 7-3z", down: 0 },
};

export interface BadgeOptions {
  level: Level;
  /** Somebody has seen it: an outline instead of a filled shape. */
  seen: boolean;
  /** Its data does not come: dashed. */
  stale: boolean;
}

export function LevelBadge(props: BadgeOptions & { label: string }): JSX.Element {
  const { level, seen, stale } = props;
  const { path, down } = outlines[level];
  return (
    <svg class={`badge level-${level} ${seen ? "seen" : "unseen"}${stale ? " stale" : ""}`} viewBox="-6 -6 112 112" role="img" aria-label={props.label}>
      <path d={path} />
      <text x="50" y={52 + down} text-anchor="middle" dominant-baseline="central">
        {level}
      </text>
    </svg>
  );
}

/** Draws the badge for the map, size × size pixels. */
export function drawBadge(options: BadgeOptions, size: number): ImageData {
  const { level, seen, stale } = options;
  const { path, down } = outlines[level];
  const { fill, ink, seen: pale } = levelColors(level);
  const rim = token("level-rim");
  const c = canvas(size);
  c.setTransform(size / 116, 0, 0, size / 116, (8 * size) / 116, (8 * size) / 116);
  const shape = new Path2D(path);
  c.lineJoin = "round";
  c.strokeStyle = seen ? token("mark-rim") : rim;
  c.lineWidth = seen ? 14 : 12;
  c.stroke(shape); // a rim keeps it apart from what lies below
  c.fillStyle = seen ? token("panel") : fill;
  c.fill(shape);
  c.strokeStyle = seen ? pale : rim;
  c.lineWidth = seen ? 7 : stale ? 6 : 0.01;
  if (stale) c.setLineDash([16, 10]);
  c.stroke(shape);
  c.fillStyle = seen ? pale : ink;
  c.font = "700 56px 'Be Vietnam Pro', sans-serif";
  c.textAlign = "center";
  c.textBaseline = "middle";
  c.fillText(String(level), 50, 54 + down);
  return c.getImageData(0, 0, size, size);
}

/** What a device's marker says: it reports, it missed a reading, it is silent, it was never heard. */
export type DeviceLook = "fresh" | "late" | "silent" | "never";

/**
 * Draws a device's marker: filled while it reports, half filled when late,
 * hollow and struck through when silent, dotted when it was never heard.
 */
export function drawDevice(look: DeviceLook, size: number): ImageData {
  const c = canvas(size);
  c.scale(size / 100, size / 100);
  c.lineCap = "round";
  const circle = new Path2D();
  circle.arc(50, 50, 30, 0, 2 * Math.PI);
  c.fillStyle = token("mark-rim");
  c.beginPath();
  c.arc(50, 50, 41, 0, 2 * Math.PI);
  c.fill();
  // What reports is quiet; what does not stands out.
  const ink = token(look === "fresh" ? "mark-quiet" : "mark-loud");
  c.lineWidth = 10;
  c.strokeStyle = c.fillStyle = ink;
  if (look === "never") c.setLineDash([1, 18]);
  c.stroke(circle);
  c.setLineDash([]);
  if (look === "fresh") c.fill(circle);
  if (look === "late") {
    c.beginPath();
    c.arc(50, 50, 30, Math.PI / 2, (3 * Math.PI) / 2);
    c.fill();
  }
  if (look === "silent") {
    c.beginPath();
    c.moveTo(36, 36);
    c.lineTo(64, 64);
    c.moveTo(64, 36);
    c.lineTo(36, 64);
    c.stroke();
  }
  return c.getImageData(0, 0, size, size);
}

export function DeviceMark(props: { look: DeviceLook }): JSX.Element {
  return (
    <svg class={`mark ${props.look}`} viewBox="0 0 100 100" aria-hidden="true">
      <circle cx="50" cy="50" r="34" />
      {props.look === "late" && <path class="half" d="M50 16a34 34 0 0 0 0 68z" />}
      {props.look === "silent" && <path d="M34 34 66 66M66 34 34 66" />}
    </svg>
  );
}

/** A camera's body and lens, in a box of 100 × 100. */
const cameraPath = "M21 31h37q8 0 8 8v22q0 8-8 8H21q-8 0-8-8V39q0-8 8-8zM70 46l17-11v30L70 54z";
const cameraInk: Record<CameraLook, string> = { online: "mark-loud", idle: "mark-loud", frozen: "warn", off: "bad", unknown: "muted" };

/** What stands on a camera that does not work: bars over a picture that stands still, a stroke through one that is gone. */
const cameraSigns: Partial<Record<CameraLook, string>> = { frozen: "M32 41v18M47 41v18", off: "M14 84 86 16", unknown: "" };

/**
 * Draws a camera's marker: filled while its pictures come, hollow while it
 * waits for somebody to watch, with bars when they stand still, struck through
 * when none come, dotted when nothing is known.
 */
export function drawCamera(look: CameraLook, size: number): ImageData {
  const c = canvas(size);
  c.scale(size / 100, size / 100);
  c.lineJoin = c.lineCap = "round";
  const body = new Path2D(cameraPath);
  const sign = new Path2D(cameraSigns[look] ?? "");
  c.strokeStyle = c.fillStyle = token("mark-rim");
  c.lineWidth = 22; // a rim keeps it apart from what lies below
  c.stroke(body);
  c.stroke(sign);
  c.fill(body);
  c.strokeStyle = c.fillStyle = token(cameraInk[look]);
  c.lineWidth = 7;
  if (look === "unknown") c.setLineDash([1, 12]);
  c.stroke(body);
  if (look === "online") c.fill(body);
  c.lineWidth = 9;
  c.stroke(sign);
  return c.getImageData(0, 0, size, size);
}

/** Draws what a camera looking north sees: a sector of so many degrees. */
export function drawWedge(degrees: number, size: number): ImageData {
  const c = canvas(size);
  const middle = size / 2;
  const half = (Math.min(degrees, 340) * Math.PI) / 360;
  const light = c.createRadialGradient(middle, middle, 0, middle, middle, middle);
  const ink = token("mark-loud");
  light.addColorStop(0.15, ink + "90");
  light.addColorStop(1, ink + "08");
  c.fillStyle = light;
  c.beginPath();
  c.moveTo(middle, middle);
  c.arc(middle, middle, middle * 0.96, -Math.PI / 2 - half, -Math.PI / 2 + half);
  c.closePath();
  c.fill();
  c.strokeStyle = ink + "70";
  c.lineWidth = size / 90;
  c.stroke();
  return c.getImageData(0, 0, size, size);
}

export function CameraMark(props: { look: CameraLook }): JSX.Element {
  const sign = cameraSigns[props.look];
  return (
    <svg class={`camera-mark ${props.look}`} viewBox="6 6 88 88" aria-hidden="true">
      <path class="body" d={cameraPath} />
      {sign && <path d={sign} />}
    </svg>
  );
}

function canvas(size: number): CanvasRenderingContext2D {
  const element = document.createElement("canvas");
  element.width = element.height = size;
  const context = element.getContext("2d");
  if (!context) throw new Error("no 2D canvas");
  return context;
}
