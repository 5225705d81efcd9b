// How the map looks: plain land, its zones, and nothing that is not ours. There
// is no basemap: a map of the world shows borders that are not ours to draw.

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Level } from "../wire";
import { levelColors, token } from "../theme";

export const font = "Be Vietnam Pro";
const empty = { type: "FeatureCollection" as const, features: [] };

/** The colour of the level in a feature's state or properties. */
function colorOf(level: ExpressionSpecification): ExpressionSpecification {
  const levels: Level[] = [1, 2, 3, 4, 5];
  const cases = levels.flatMap((l): (number | string)[] => [l, levelColors(l).fill]);
  return ["match", level, ...cases, token("panel")] as unknown as ExpressionSpecification;
}

/** A zoom at which a screen of that scale shows as much land as one of 1920 pixels does at zoom. */
export function zoomFor(zoom: number, scale: number): number {
  return zoom + Math.log2(scale);
}

/**
 * The style in the colours of the theme as it is now.
 *
 * @param scale 1 for a screen of 1920 pixels
 */
export function mapStyle(scale: number): StyleSpecification {
  return {
    version: 8,
    sources: {
      graticule: { type: "geojson", data: empty },
      zones: { type: "geojson", data: empty, promoteId: "id" },
      labels: { type: "geojson", data: empty },
      devices: { type: "geojson", data: empty, promoteId: "id" },
      cameras: { type: "geojson", data: empty },
      alerts: { type: "geojson", data: empty },
    },
    layers: [...land(scale), ...devices(scale), ...cameras(scale), ...alerts(scale)],
  };
}

function land(scale: number): LayerSpecification[] {
  const zoneLevel: ExpressionSpecification = ["coalesce", ["feature-state", "level"], 0];
  return [
    { id: "sea", type: "background", paint: { "background-color": token("sea") } },
    { id: "graticule", type: "line", source: "graticule", paint: { "line-color": token("map-grid"), "line-opacity": 0.05, "line-width": scale } },
    {
      id: "shore",
      type: "line",
      source: "zones",
      paint: { "line-color": token("map-shore"), "line-opacity": 0.16, "line-width": 22 * scale, "line-blur": 20 * scale },
    },
    {
      id: "land",
      type: "fill",
      source: "zones",
      paint: { "fill-color": ["match", ["%", ["get", "index"], 3], 0, token("map-land-1"), 1, token("map-land-2"), token("map-land-3")], "fill-antialias": true },
    },
    {
      id: "alarmed",
      type: "fill",
      source: "zones",
      paint: { "fill-color": colorOf(zoneLevel), "fill-opacity": ["case", [">", zoneLevel, 0], 0.13, 0] },
    },
    { id: "borders", type: "line", source: "zones", paint: { "line-color": token("map-border"), "line-width": 1.1 * scale } },
    {
      id: "zone-names",
      type: "symbol",
      source: "labels",
      layout: {
        "text-field": ["get", "name"],
        "text-font": [font],
        "text-size": 16 * scale,
        "text-max-width": 7,
        "text-padding": 3 * scale,
        // A name steps aside for what stands on it.
        "text-variable-anchor": ["center", "top", "bottom", "left", "right"],
        "text-radial-offset": 0.9,
      },
      paint: { "text-color": token("map-name"), "text-halo-color": token("map-halo"), "text-halo-width": 1.6 * scale },
    },
  ];
}

/** The devices' layers; they are drawn from a GeoJSON source of that name, or from tiles. */
export function devices(scale: number, from: { source: string; "source-layer"?: string } = { source: "devices" }): (LayerSpecification & { source: string })[] {
  return [
    {
      id: "chosen",
      type: "circle",
      ...from,
      filter: ["==", ["get", "id"], ""],
      paint: { "circle-radius": 17 * scale, "circle-color": token("map-grid"), "circle-opacity": 0.08, "circle-stroke-color": token("mark-loud"), "circle-stroke-width": 2.5 * scale },
    },
    {
      id: "devices",
      type: "symbol",
      ...from,
      layout: {
        "icon-image": ["concat", "device-", ["get", "look"]],
        "icon-size": ["interpolate", ["linear"], ["zoom"], zoomFor(7, scale), 0.72, zoomFor(10, scale), 1, zoomFor(13, scale), 1.3],
        "icon-allow-overlap": true,
        "icon-padding": 1,
        // What is silent lies over what reports.
        "symbol-sort-key": ["match", ["get", "look"], "fresh", 0, "late", 1, 2],
      },
    },
    {
      id: "device-names",
      type: "symbol",
      ...from,
      minzoom: zoomFor(9.6, scale),
      layout: { "text-field": ["get", "name"], "text-font": [font], "text-size": 14 * scale, "text-offset": [0, 1.1], "text-anchor": "top", "text-max-width": 12 },
      paint: { "text-color": token("map-label"), "text-halo-color": token("map-halo"), "text-halo-width": 1.6 * scale },
    },
  ];
}

function cameras(scale: number): LayerSpecification[] {
  const size: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], zoomFor(7, scale), 0.75, zoomFor(10, scale), 1, zoomFor(13, scale), 1.3];
  return [
    {
      id: "wedges",
      type: "symbol",
      source: "cameras",
      filter: ["has", "bearing"],
      layout: {
        "icon-image": ["concat", "wedge-", ["get", "wedge"]],
        "icon-size": size,
        "icon-rotate": ["get", "bearing"],
        "icon-rotation-alignment": "map",
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
      paint: { "icon-opacity": ["case", ["get", "sees"], 1, 0.25] },
    },
    {
      id: "chosen-camera",
      type: "circle",
      source: "cameras",
      filter: ["==", ["get", "id"], ""],
      paint: { "circle-radius": 19 * scale, "circle-color": token("map-grid"), "circle-opacity": 0.08, "circle-stroke-color": token("mark-loud"), "circle-stroke-width": 2.5 * scale },
    },
    {
      id: "cameras",
      type: "symbol",
      source: "cameras",
      layout: {
        "icon-image": ["concat", "camera-", ["get", "look"]],
        "icon-size": size,
        "icon-allow-overlap": true,
        // What does not work lies over what does.
        "symbol-sort-key": ["match", ["get", "look"], "online", 0, "idle", 0, 1],
      },
    },
    {
      id: "camera-names",
      type: "symbol",
      source: "cameras",
      minzoom: zoomFor(9.6, scale),
      layout: { "text-field": ["get", "name"], "text-font": [font], "text-size": 14 * scale, "text-offset": [0, 1.2], "text-anchor": "top", "text-max-width": 12 },
      paint: { "text-color": token("map-label"), "text-halo-color": token("map-halo"), "text-halo-width": 1.6 * scale },
    },
  ];
}

function alerts(scale: number): LayerSpecification[] {
  return [
    {
      id: "halo",
      type: "circle",
      source: "alerts",
      filter: ["get", "unseen"],
      paint: {
        "circle-color": colorOf(["get", "level"]),
        "circle-radius": 34 * scale,
        "circle-opacity": 0.3,
        "circle-blur": 0.5,
        // It blinks rather than glows: fading would have the map drawn all the time.
        "circle-opacity-transition": { duration: 0, delay: 0 },
      },
    },
    {
      id: "alert-names",
      type: "symbol",
      source: "alerts",
      minzoom: 7, // on a phone, the province's are too many
      filter: ["!=", ["get", "label"], ""],
      layout: {
        "symbol-sort-key": ["-", 0, ["get", "order"]], // the first placed has its place for sure
        "text-field": ["get", "label"],
        "text-font": [font],
        "text-size": 18 * scale,
        "text-variable-anchor": ["top", "bottom", "right", "left"],
        "text-radial-offset": 1.6,
        "text-max-width": 11,
      },
      paint: { "text-color": token("map-alert"), "text-halo-color": token("map-halo"), "text-halo-width": 2 * scale },
    },
    {
      id: "alerts",
      type: "symbol",
      source: "alerts",
      layout: {
        "icon-image": ["get", "icon"],
        "icon-allow-overlap": true,
        "symbol-sort-key": ["get", "order"], // the last drawn lies on top
      },
    },
  ];
}
