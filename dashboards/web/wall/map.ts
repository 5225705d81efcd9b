// The map: zones, devices and open alerts.

import * as maplibregl from "maplibre-gl";
import { freshnessAt } from "../shared/freshness";
import { places, zoneLevels, type Place } from "../shared/places";
import type { Device, Level, ZoneCollection } from "../shared/wire";
import { unseen } from "../shared/world";
import type { CameraLook, CameraView } from "../shared/cameras";
import { openCamera, views } from "./cameras";
import { drawBadge, drawCamera, drawDevice, drawWedge } from "./icons";
import { alerts, chooseAlert, chooseDevice, destination, devices, now, province, sensors, shown, zones } from "./state";
import { font, mapStyle, zoomFor } from "./style";

/** How near a chosen alert is shown. */
const nearZoom = 10.5;
/** Devices are drawn anew at most this often, in ms. */
const devicesEvery = 1000;

/** Loads the faces that labels are drawn with: MapLibre draws them when it needs them, and does not wait. */
async function loadFont(): Promise<void> {
  const sample = "Aăâđêôơưế";
  await Promise.all([document.fonts.load(`400 24px '${font}'`, sample), document.fonts.load(`700 24px '${font}'`, sample)]);
}

/** Makes the map, and returns what keeps it up to date: an effect of the page's signals. */
export async function showMap(box: HTMLElement, onFail: () => void): Promise<() => void> {
  await loadFont();
  const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const map = new maplibregl.Map({
    container: box,
    style: mapStyle(scale),
    center: [104.2, 22.2],
    zoom: 8,
    minZoom: 5,
    maxZoom: 16,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 0,
    localIdeographFontFamily: font,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-left");
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 120 * scale }), "bottom-left");
  map.on("error", (event) => console.warn("map:", event.error));
  map.on("webglcontextlost", onFail);
  await new Promise<void>((done) => map.once("load", () => done()));
  addImages(map, scale);
  return new Painter(map, scale).paint;
}

function addImages(map: maplibregl.Map, scale: number): void {
  const ratio = window.devicePixelRatio;
  const draw = (name: string, image: ImageData): void => {
    map.addImage(name, image, { pixelRatio: ratio });
  };
  for (const look of ["fresh", "late", "silent", "never"] as const) draw(`device-${look}`, drawDevice(look, Math.round((look === "fresh" ? 19 : 27) * scale * ratio)));
  for (const look of ["online", "idle", "frozen", "off", "unknown"] as CameraLook[]) draw(`camera-${look}`, drawCamera(look, Math.round(32 * scale * ratio)));
  for (const degrees of wedges) draw(`wedge-${degrees}`, drawWedge(degrees, Math.round(120 * scale * ratio)));
  const flags = [true, false];
  for (const level of [1, 2, 3, 4, 5] as Level[]) {
    for (const seen of flags) {
      for (const stale of flags) draw(icon(level, seen, stale), drawBadge({ level, seen, stale }, Math.round(48 * scale * ratio)));
    }
  }
}

/** How wide the sectors are that cameras' views are drawn as, in degrees. */
const wedges = [15, 30, 50, 70, 90, 120, 180, 340];

function wedgeFor(view: number): number {
  return wedges.reduce((best, degrees) => (Math.abs(degrees - view) < Math.abs(best - view) ? degrees : best));
}

function icon(level: Level, seen: boolean, stale: boolean): string {
  return `alert-${level}-${seen ? "seen" : "unseen"}${stale ? "-stale" : ""}`;
}

/** Brings what the signals say onto the map. */
class Painter {
  private painted: { zones?: ZoneCollection; alerts?: unknown; destination?: unknown; chosen?: string } = {};
  private devicesAt = 0;
  private looks = "";
  private cameraLooks = "";
  private colored = new Map<string, Level>();

  constructor(
    private readonly map: maplibregl.Map,
    private readonly scale: number,
  ) {
    this.listen();
    let bright = false;
    window.setInterval(() => {
      bright = !bright;
      if (alerts.peek().some(unseen)) map.setPaintProperty("halo", "circle-opacity", bright ? 0.5 : 0.14);
    }, 800);
  }

  /** To be run as an effect. */
  readonly paint = (): void => {
    const at = now.value ?? 0;
    if (zones.value && this.painted.zones !== zones.value) this.paintZones(zones.value);
    if (this.painted.alerts !== alerts.value) this.paintAlerts();
    if (at - this.devicesAt >= devicesEvery) this.paintDevices(at);
    this.paintCameras();
    const chosen = shown.value?.device ?? "";
    const opened = openCamera.value ?? chosen;
    if (this.painted.chosen !== chosen + "/" + opened) {
      this.map.setFilter("chosen", ["==", ["get", "id"], chosen]);
      this.map.setFilter("chosen-camera", ["==", ["get", "id"], opened]);
    }
    this.painted.chosen = chosen + "/" + opened;
    this.travel();
  };

  private source(name: string): maplibregl.GeoJSONSource {
    return this.map.getSource(name) as maplibregl.GeoJSONSource;
  }

  private paintZones(collection: ZoneCollection): void {
    this.painted.zones = collection;
    void this.source("zones").setData({
      type: "FeatureCollection",
      features: collection.features.map((z, index) => ({ ...z, properties: { ...z.properties, index } })),
    });
    void this.source("labels").setData({
      type: "FeatureCollection",
      features: collection.features.map((z) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: middle(z.geometry.coordinates) },
        properties: { name: z.properties.name },
      })),
    });
    void this.source("graticule").setData(graticule());
    this.paintAlerts();
  }

  private paintAlerts(): void {
    this.painted.alerts = alerts.value;
    void this.source("alerts").setData({
      type: "FeatureCollection",
      features: places(alerts.value).map((place) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: place.at },
        properties: alertProperties(place),
      })),
    });
    const levels = zoneLevels(alerts.value);
    for (const id of this.colored.keys()) if (!levels.has(id)) this.map.setFeatureState({ source: "zones", id }, { level: 0 });
    for (const [id, level] of levels) this.map.setFeatureState({ source: "zones", id }, { level });
    this.colored = levels;
  }

  private paintDevices(at: number): void {
    this.devicesAt = at;
    // Most seconds nothing looks other than before, though much was measured.
    const looks = sensors.value.map((d) => d.id + freshnessAt(d, at) + (d.geometry?.coordinates ?? "")).join();
    if (looks === this.looks) return;
    this.looks = looks;
    void this.source("devices").setData({
      type: "FeatureCollection",
      features: sensors.value.filter((d) => d.geometry).map((d) => deviceFeature(d, at)),
    });
  }

  private paintCameras(): void {
    const looks = views.value.map((v) => v.camera.id + v.look + (v.camera.geometry?.coordinates ?? "")).join();
    if (looks === this.cameraLooks) return;
    this.cameraLooks = looks;
    void this.source("cameras").setData({
      type: "FeatureCollection",
      features: views.value.filter((v) => v.camera.geometry).map(cameraFeature),
    });
  }

  /** Goes where the page asks to: to a chosen alert, or home to the whole province. */
  private travel(): void {
    const to = destination.value;
    if (!zones.value || this.painted.destination === to) return;
    const animate = this.painted.destination !== undefined && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.painted.destination = to;
    const home = zoneBounds(zones.value) ?? province.value?.extent;
    if (to.at) this.map.flyTo({ center: to.at, zoom: Math.max(this.map.getZoom(), zoomFor(nearZoom, this.scale)), animate });
    else if (home) this.map.fitBounds(home, { padding: 28 * this.scale, animate });
  }

  private listen(): void {
    const { map } = this;
    map.on("click", (event) => {
      const near = 8 * this.scale;
      const { x, y } = event.point;
      const hits = map.queryRenderedFeatures([[x - near, y - near], [x + near, y + near]], { layers: ["alerts", "cameras", "devices"] });
      const hit = hits.find((f) => f.layer.id === "alerts") ?? hits.find((f) => f.layer.id === "cameras") ?? hits[0];
      const id = String(hit?.properties["id"] ?? "");
      const alert = alerts.peek().find((a) => a.id === id);
      if (alert) chooseAlert(alert);
      else if (hit?.layer.id === "cameras") openCamera.value = id;
      else if (id) chooseDevice(id);
    });
    for (const layer of ["alerts", "cameras", "devices"]) {
      map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
      map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
    }
    new ResizeObserver(() => map.resize()).observe(map.getContainer());
  }
}

function alertProperties(place: Place): Record<string, string | number | boolean> {
  const p = place.worst.properties;
  const name = devices.peek().get(p.device)?.properties.name ?? "";
  const fresh = unseen(place.worst);
  return {
    id: place.worst.id,
    level: p.level,
    unseen: fresh,
    icon: icon(p.level, !fresh, p.stale),
    label: fresh ? name + (place.count > 1 ? ` (${place.count})` : "") : place.count > 1 ? `(${place.count})` : "",
    order: p.level + (fresh ? 10 : 0),
  };
}

function deviceFeature(d: Device, at: number): GeoJSON.Feature {
  return {
    type: "Feature",
    geometry: d.geometry as GeoJSON.Point,
    properties: { id: d.id, name: d.properties.name, look: freshnessAt(d, at) },
  };
}

function cameraFeature({ camera, look }: CameraView): GeoJSON.Feature {
  const { id, name, bearing, view } = camera.properties;
  return {
    type: "Feature",
    geometry: camera.geometry as GeoJSON.Point,
    // Where a camera looks is of no use when it sees nothing.
    properties: { id, name, look, ...(bearing === undefined ? {} : { bearing, wedge: wedgeFor(view ?? 50), sees: look === "online" || look === "idle" }) },
  };
}

type Coordinates = [number, number][][][];

/** Where a zone's name stands: the middle of its largest polygon's outline, weighted by length. */
function middle(polygons: Coordinates): [number, number] {
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

function zoneBounds(collection: ZoneCollection | undefined): [number, number, number, number] | undefined {
  const points = collection?.features.flatMap((z) => z.geometry.coordinates.flat(2)) ?? [];
  if (points.length === 0) return undefined;
  const out: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of points) {
    out[0] = Math.min(out[0], lon);
    out[1] = Math.min(out[1], lat);
    out[2] = Math.max(out[2], lon);
    out[3] = Math.max(out[3], lat);
  }
  return out;
}

/** Lines every quarter of a degree: they give the dark around the land a measure. */
function graticule(): GeoJSON.FeatureCollection {
  const extent = province.peek()?.extent ?? [100, 8, 110, 24];
  const lines: [number, number][][] = [];
  const [west, south, east, north] = [extent[0] - 3, extent[1] - 3, extent[2] + 3, extent[3] + 3];
  for (let lon = Math.floor(west * 4) / 4; lon <= east; lon += 0.25) lines.push([[lon, south], [lon, north]]);
  for (let lat = Math.floor(south * 4) / 4; lat <= north; lat += 0.25) lines.push([[west, lat], [east, lat]]);
  return {
    type: "FeatureCollection",
    features: [{ type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } }],
  };
}
