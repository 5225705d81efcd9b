// Geometry of the map: where names stand, and how far the province reaches.

import type { ZoneCollection } from "../wire";

export type Bounds = [number, number, number, number];

type Coordinates = [number, number][][][];

/** Where a zone's name stands: the middle of its largest polygon's outline, weighted by length. */
export function middle(polygons: Coordinates): [number, number] {
  const ring = polygons.map((p) => p[0] ?? []).sort((a, b) => Math.abs(area(b)) - Math.abs(area(a)))[0] ?? [];
  const whole = area(ring);
  if (whole === 0) return ring[0] ?? [0, 0];
  let x = 0;
  let y = 0;
  each(ring, (a, b, cross) => {
    x += (a[0] + b[0]) * cross;
    y += (a[1] + b[1]) * cross;
  });
  return [x / (6 * whole), y / (6 * whole)];
}

function area(ring: [number, number][]): number {
  let sum = 0;
  each(ring, (_a, _b, cross) => (sum += cross));
  return sum / 2;
}

function each(ring: [number, number][], f: (a: [number, number], b: [number, number], cross: number) => void): void {
  for (let i = 0; i + 1 < ring.length; i++) {
    const a = ring[i]!;
    const b = ring[i + 1]!;
    f(a, b, a[0] * b[1] - b[0] * a[1]);
  }
}

export function zoneBounds(collection: ZoneCollection | undefined): Bounds | undefined {
  const points = collection?.features.flatMap((z) => z.geometry.coordinates.flat(2)) ?? [];
  if (points.length === 0) return undefined;
  const out: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of points) {
    out[0] = Math.min(out[0], lon);
    out[1] = Math.min(out[1], lat);
    out[2] = Math.max(out[2], lon);
    out[3] = Math.max(out[3], lat);
  }
  return out;
}

/** Lines every quarter of a degree around an extent: they give what lies around the land a measure. */
export function graticule(extent: readonly [number, number, number, number] = [100, 8, 110, 24]): GeoJSON.FeatureCollection {
  const lines: [number, number][][] = [];
  const [west, south, east, north] = [extent[0] - 3, extent[1] - 3, extent[2] + 3, extent[3] + 3];
  for (let lon = Math.floor(west * 4) / 4; lon <= east; lon += 0.25) lines.push([[lon, south], [lon, north]]);
  for (let lat = Math.floor(south * 4) / 4; lat <= north; lat += 0.25) lines.push([[west, lat], [east, lat]]);
  return {
    type: "FeatureCollection",
    features: [{ type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } }],
  };
}
