// The images of the map's symbols, drawn by script in the colours of the theme.

import type * as maplibregl from "maplibre-gl";
import type { CameraLook } from "../cameras";
import { drawBadge, drawCamera, drawDevice, drawWedge } from "../marks";
import type { Level } from "../wire";

/** Draws every symbol anew: at the beginning, and when the theme changes. */
export function drawImages(map: maplibregl.Map, scale: number): void {
  const ratio = window.devicePixelRatio;
  const size = (pixels: number): number => Math.round(pixels * scale * ratio);
  const draw = (name: string, image: ImageData): void => {
    if (map.hasImage(name)) map.updateImage(name, image);
    else map.addImage(name, image, { pixelRatio: ratio });
  };
  for (const look of ["fresh", "late", "silent", "never"] as const) draw(`device-${look}`, drawDevice(look, size(look === "fresh" ? 19 : 27)));
  for (const look of ["online", "idle", "frozen", "off", "unknown"] as CameraLook[]) draw(`camera-${look}`, drawCamera(look, size(32)));
  for (const degrees of wedges) draw(`wedge-${degrees}`, drawWedge(degrees, size(120)));
  const flags = [true, false];
  for (const level of [1, 2, 3, 4, 5] as Level[]) {
    for (const seen of flags) {
      for (const stale of flags) draw(alertIcon(level, seen, stale), drawBadge({ level, seen, stale }, size(48)));
    }
  }
}

/** How wide the sectors are that cameras' views are drawn as, in degrees. */
const wedges = [15, 30, 50, 70, 90, 120, 180, 340];

export function wedgeFor(view: number): number {
  return wedges.reduce((best, degrees) => (Math.abs(degrees - view) < Math.abs(best - view) ? degrees : best));
}

export function alertIcon(level: Level, seen: boolean, stale: boolean): string {
  return `alert-${level}-${seen ? "seen" : "unseen"}${stale ? "-stale" : ""}`;
}
