// The map of the province, for any page: zones, devices, cameras and open
// alerts. It knows no signals: a page tells it what there is.

import * as maplibregl from "maplibre-gl";
import type { CameraView } from "../cameras";
import { freshnessAt } from "../freshness";
import { places, zoneLevels, type Place } from "../places";
import type { Alert, Device, Freshness, Level, ZoneCollection } from "../wire";
import { unseen } from "../world";
import { graticule, middle, zoneBounds, type Bounds } from "./geometry";
import { alertIcon, drawImages, wedgeFor } from "./images";
import { devices as deviceLayers, font, mapStyle } from "./style";

/** Devices are looked at anew at most this often, in ms. */
const devicesEvery = 1000;

/** How long the map is on its way, in ms: long enough to see where it goes. */
const travel = 1500;

/** What was clicked. */
export interface Hit {
  kind: "alert" | "camera" | "device";
  id: string;
}

export interface MapOptions {
  box: HTMLElement;
  /** The machine cannot draw it any more. */
  onFail: () => void;
  /** Undefined for where nothing is. */
  onPick: (hit: Hit | undefined, at: [number, number]) => void;
  /** The name of what an alert is of, for its label. */
  nameOf: (alert: Alert) => string;
  /** 1 for a screen of 1920 pixels; default: by the size of 1rem. */
  scale?: number;
}

/** Loads the faces that labels are drawn with: MapLibre draws them when it needs them, and does not wait. */
async function loadFont(): Promise<void> {
  const sample = "Aăâđêôơưế";
  await Promise.all([document.fonts.load(`400 24px '${font}'`, sample), document.fonts.load(`700 24px '${font}'`, sample)]);
}

export class ProvinceMap {
  private zonesNow: ZoneCollection | undefined;
  private middles = new Map<string, [number, number]>();
  private alertsNow: readonly Alert[] = [];
  private devicesAt = 0;
  private devicesNow = new Map<string, { look: Freshness; at: string; name: string }>();
  private cameraLooks = "";
  private colored = new Map<string, Level>();
  private marked = "";

  private constructor(
    /** MapLibre's own, for what one page alone needs. */
    readonly map: maplibregl.Map,
    readonly scale: number,
    private readonly options: MapOptions,
  ) {
    this.listen();
    let bright = false;
    const timer = window.setInterval(() => {
      bright = !bright;
      if (this.alertsNow.some(unseen)) map.setPaintProperty("halo", "circle-opacity", bright ? 0.5 : 0.14);
    }, 800);
    map.on("remove", () => window.clearInterval(timer));
  }

  static async create(options: MapOptions): Promise<ProvinceMap> {
    await loadFont();
    const scale = options.scale ?? parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const map = new maplibregl.Map({
      container: options.box,
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
    map.on("webglcontextlost", options.onFail);
    await new Promise<void>((done) => map.once("load", () => done()));
    drawImages(map, scale);
    return new ProvinceMap(map, scale, options);
  }

  remove(): void {
    this.map.remove();
  }

  /** Takes the colours of the theme as it is now. */
  recolor(): void {
    drawImages(this.map, this.scale);
    for (const layer of mapStyle(this.scale).layers) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) {
        if (!name.endsWith("-transition")) this.map.setPaintProperty(layer.id, name as "line-color", value as string);
      }
    }
  }

  private source(name: string): maplibregl.GeoJSONSource {
    return this.map.getSource(name) as maplibregl.GeoJSONSource;
  }

  zones(collection: ZoneCollection, extent?: Bounds): void {
    if (this.zonesNow === collection) return;
    this.zonesNow = collection;
    this.middles = new Map(collection.features.map((z) => [z.id, middle(z.geometry.coordinates)]));
    void this.source("zones").setData({
      type: "FeatureCollection",
      features: collection.features.map((z, index) => ({ ...z, properties: { ...z.properties, index } })),
    });
    void this.source("labels").setData({
      type: "FeatureCollection",
      features: collection.features.map((z) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: this.middles.get(z.id) ?? [0, 0] },
        properties: { name: z.properties.name },
      })),
    });
    void this.source("graticule").setData(graticule(extent));
    this.paintAlerts();
  }

  alerts(list: readonly Alert[]): void {
    if (this.alertsNow === list) return;
    this.alertsNow = list;
    this.paintAlerts();
  }

  /** Where an alert is: at its device, else in the middle of its zone. */
  whereIs(alert: Alert): [number, number] | undefined {
    return alert.geometry?.coordinates ?? this.middles.get(alert.properties.zone);
  }

  private paintAlerts(): void {
    void this.source("alerts").setData({
      type: "FeatureCollection",
      features: places(this.alertsNow, (a) => this.whereIs(a)).map((place) => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: place.at },
        properties: this.alertProperties(place),
      })),
    });
    const levels = zoneLevels(this.alertsNow);
    for (const id of this.colored.keys()) if (!levels.has(id)) this.map.setFeatureState({ source: "zones", id }, { level: 0 });
    for (const [id, level] of levels) this.map.setFeatureState({ source: "zones", id }, { level });
    this.colored = levels;
  }

  private alertProperties(place: Place): Record<string, string | number | boolean> {
    const p = place.worst.properties;
    const fresh = unseen(place.worst);
    return {
      id: place.worst.id,
      level: p.level,
      unseen: fresh,
      icon: alertIcon(p.level, !fresh, p.stale),
      label: fresh ? this.options.nameOf(place.worst) + (place.count > 1 ? ` (${place.count})` : "") : place.count > 1 ? `(${place.count})` : "",
      order: p.level + (fresh ? 10 : 0),
    };
  }

  /**
   * Devices by their age at a server time, in ms. Of 10,000 only those reach
   * the map that look other than before: most measure, and look the same.
   */
  devices(list: readonly Device[], at: number, always = false): void {
    if (!always && Math.abs(at - this.devicesAt) < devicesEvery) return;
    this.devicesAt = at;
    const before = this.devicesNow;
    const after = new Map<string, { look: Freshness; at: string; name: string }>();
    const add: GeoJSON.Feature[] = [];
    for (const d of list) {
      if (!d.geometry) continue;
      const now = { look: freshnessAt(d, at), at: d.geometry.coordinates.join(), name: d.properties.name };
      after.set(d.id, now);
      const was = before.get(d.id);
      if (was?.look === now.look && was.at === now.at && was.name === now.name) continue;
      add.push({ type: "Feature", id: d.id, geometry: d.geometry, properties: { id: d.id, name: now.name, look: now.look } });
    }
    const remove = [...before.keys()].filter((id) => !after.has(id));
    this.devicesNow = after;
    if (before.size === 0) void this.source("devices").setData({ type: "FeatureCollection", features: add });
    else if (add.length > 0 || remove.length > 0) void this.source("devices").updateData({ add, remove });
  }

  /**
   * Draws the devices from the server's tiles from now on: it has more than one
   * page can hold one by one. The map asks for them anew as often as the server
   * says that they are old.
   */
  devicesFromTiles(): void {
    if (this.map.getSource("device-tiles")) return;
    this.map.addSource("device-tiles", { type: "vector", tiles: [tilesURL()], maxzoom: deepestTile });
    const marked = this.map.getFilter("chosen");
    for (const layer of deviceLayers(this.scale, { source: "device-tiles", "source-layer": "devices" })) {
      this.map.removeLayer(layer.id);
      this.map.addLayer(layer, "wedges");
    }
    if (marked) this.map.setFilter("chosen", marked);
    this.source("devices").setData({ type: "FeatureCollection", features: [] });
    this.devicesNow.clear();
  }

  cameras(views: readonly CameraView[]): void {
    const looks = views.map((v) => v.camera.id + v.look + (v.camera.geometry?.coordinates ?? "")).join();
    if (looks === this.cameraLooks) return;
    this.cameraLooks = looks;
    void this.source("cameras").setData({
      type: "FeatureCollection",
      features: views.filter((v) => v.camera.geometry).map(cameraFeature),
    });
  }

  /** Puts a ring around a device and a camera. */
  mark(device: string, camera: string): void {
    if (this.marked === `${device}/${camera}`) return;
    this.marked = `${device}/${camera}`;
    this.map.setFilter("chosen", ["==", ["get", "id"], device]);
    this.map.setFilter("chosen-camera", ["==", ["get", "id"], camera]);
  }

  /** Shows the whole province, or another part of it. */
  fit(bounds: Bounds | undefined, animate = true, maxZoom?: number): void {
    const to = bounds ?? zoneBounds(this.zonesNow);
    if (to) this.map.fitBounds(to, { padding: 28 * this.scale, duration: travel, animate: animate && moves(), ...(maxZoom === undefined ? {} : { maxZoom }) });
  }

  /** Goes to a place, and no farther away than now. */
  goTo(at: [number, number], zoom: number, animate = true): void {
    this.map.flyTo({ center: at, zoom: Math.max(this.map.getZoom(), zoom), duration: travel, animate: animate && moves() });
  }

  private listen(): void {
    const { map } = this;
    map.on("click", (event) => {
      const near = 8 * this.scale;
      const { x, y } = event.point;
      const hits = map.queryRenderedFeatures([[x - near, y - near], [x + near, y + near]], { layers: ["alerts", "cameras", "devices"] });
      const hit = hits.find((f) => f.layer.id === "alerts") ?? hits.find((f) => f.layer.id === "cameras") ?? hits[0];
      const kind = { alerts: "alert", cameras: "camera", devices: "device" }[hit?.layer.id ?? ""] as Hit["kind"] | undefined;
      const id = String(hit?.properties["id"] ?? "");
      this.options.onPick(kind && id ? { kind, id } : undefined, [event.lngLat.lng, event.lngLat.lat]);
    });
    for (const layer of ["alerts", "cameras", "devices"]) {
      map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
      map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
    }
    const observer = new ResizeObserver(() => map.resize());
    observer.observe(map.getContainer());
    map.on("remove", () => observer.disconnect());
  }
}

/** The nearest zoom that has tiles of its own. */
const deepestTile = 14;

/** Where the tiles are: the map loads them in a worker, which knows no page. */
function tilesURL(): string {
  return new URL("api/v1/tiles/", document.baseURI).href + "{z}/{x}/{y}.mvt";
}

function moves(): boolean {
  return !matchMedia("(prefers-reduced-motion: reduce)").matches;
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
