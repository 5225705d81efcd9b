// What the wall shows, as signals that its parts follow.

import { batch, computed, signal } from "@preact/signals";
import { get, streamURL } from "../shared/api";
import { isSensor } from "../shared/cameras";
import { ServerClock } from "../shared/clock";
import { Connection, type Phase, type Socket } from "../shared/connection";
import { Times } from "../shared/format";
import { countFreshness } from "../shared/freshness";
import { word, type Lang, type Word } from "../shared/words";
import { World, worstFirst } from "../shared/world";
import type { Alert, Class, Device, Health, Province, ZoneCollection } from "../shared/wire";

const world = new World();
export const clock = new ServerClock(() => performance.now());

/** The open alerts, worst first. */
export const alerts = signal<Alert[]>([]);
/** The devices by id. A new Map whenever one of them changed. */
export const devices = signal<ReadonlyMap<string, Device>>(new Map());
export const phase = signal<Phase>("connecting");
/** The server's time of the last frame, in ms. */
export const lastFrame = signal<number | undefined>(undefined);
/** The server's time, in ms, moved on every second; undefined before it is known. */
export const now = signal<number | undefined>(undefined);

export const province = signal<Province | undefined>(undefined);
export const zones = signal<ZoneCollection | undefined>(undefined);
export const classes = signal<ReadonlyMap<string, Class>>(new Map());
/** undefined while the server does not say. */
export const health = signal<Health | undefined>(undefined);

export const times = computed(() => new Times(province.value?.time_zone ?? "Asia/Ho_Chi_Minh"));
/** The devices that measure; cameras are counted apart. */
export const sensors = computed<readonly Device[]>(() => [...devices.value.values()].filter(isSensor));
export const freshness = computed(() =>
  now.value === undefined ? undefined : countFreshness(sensors.value, now.value),
);
const zoneNames = computed(() => new Map(zones.value?.features.map((z) => [z.id, z.properties.name])));

export function zoneName(id: string): string {
  return zoneNames.value.get(id) ?? id;
}

/** What stands in the page's address and in its memory. */
function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // a kiosk may forbid it
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then it is asked again next time.
  }
}

function firstLang(): Lang {
  const asked = new URLSearchParams(location.search).get("lang");
  const first = (asked ?? remembered("lang")) === "en" ? "en" : "vi";
  if (asked) remember("lang", first);
  return first;
}

export const lang = signal<Lang>(firstLang());

export function setLang(next: Lang): void {
  lang.value = next;
  remember("lang", next);
  const url = new URL(location.href);
  url.searchParams.set("lang", next);
  history.replaceState(null, "", url);
}

export function t(key: Word, values?: Record<string, string | number>): string {
  return word(lang.value, key, values);
}

/** Who acknowledges at this screen. */
export const operator = signal(remembered("operator") ?? "");

/** The device somebody chose, or undefined: then the worst alert's is shown. */
export const chosen = signal<{ device: string; value?: string } | undefined>(undefined);

export const shown = computed<{ device: string; value?: string } | undefined>(() => {
  if (chosen.value) return chosen.value;
  const worst = alerts.value[0]?.properties;
  if (!worst) return undefined;
  const value = worst.evidence[0]?.value;
  return value ? { device: worst.device, value } : { device: worst.device };
});

/** Where the map is asked to go; a new object each time. */
export const destination = signal<{ at?: [number, number] }>({});

export function chooseAlert(alert: Alert): void {
  const value = alert.properties.evidence[0]?.value;
  batch(() => {
    chosen.value = value ? { device: alert.properties.device, value } : { device: alert.properties.device };
    if (alert.geometry) destination.value = { at: alert.geometry.coordinates };
  });
}

export function chooseDevice(id: string, value?: string): void {
  chosen.value = value ? { device: id, value } : { device: id };
}

export function unpin(): void {
  batch(() => {
    chosen.value = undefined;
    destination.value = {};
  });
}

/** So long after anybody touched it, in ms, the wall shows the whole again. */
const idleAfter = 5 * 60_000;

function returnWhenIdle(): void {
  let timer = 0;
  const touched = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(unpin, idleAfter);
  };
  for (const event of ["pointerdown", "keydown", "wheel"]) window.addEventListener(event, touched, { passive: true });
}

/** Takes an alert that a request has returned, before the stream tells of it. */
export function takeAlert(alert: Alert): void {
  const known = world.alerts.get(alert.id);
  if (known && known.properties.version >= alert.properties.version) return;
  if (alert.properties.open) world.alerts.set(alert.id, alert);
  else world.alerts.delete(alert.id);
  alerts.value = [...world.alerts.values()].sort(worstFirst);
}

/** How often the server is asked about what is not in the stream, in ms. */
const healthEvery = 5_000;
const retryEvery = 3_000;

export function start(): void {
  document.documentElement.lang = lang.value;
  lang.subscribe((l) => (document.documentElement.lang = l));
  const connection = new Connection({
    open: (query) => new WebSocket(streamURL(query)) as unknown as Socket,
    position: () => world,
    onPhase: (p) => {
      phase.value = p;
      void askHealth();
    },
    onFrame: (frame) => {
      clock.sample(Date.parse(frame.time));
      batch(() => {
        const change = world.apply(frame);
        lastFrame.value = Date.parse(frame.time);
        if (now.value === undefined) now.value = clock.now();
        if (change.alerts) alerts.value = [...world.alerts.values()].sort(worstFirst);
        if (change.devices) devices.value = new Map(world.devices);
      });
    },
    setTimeout: (f, ms) => window.setTimeout(f, ms),
    clearTimeout: (timer) => window.clearTimeout(timer),
    random: Math.random,
  });
  connection.start();
  returnWhenIdle();
  window.addEventListener("online", () => connection.hurry());
  document.addEventListener("visibilitychange", () => connection.hurry());
  window.setInterval(() => (now.value = clock.now()), 1000);
  window.setInterval(() => void askHealth(), healthEvery);
  void fill(province, "province");
  void fill(zones, "zones");
  void fillClasses();
}

/** Asks until there is an answer. */
async function ask<T>(path: string): Promise<T> {
  for (;;) {
    try {
      return await get<T>(path);
    } catch {
      await new Promise((done) => setTimeout(done, retryEvery));
    }
  }
}

async function fill<T>(into: { value: T | undefined }, path: string): Promise<void> {
  into.value = await ask<T>(path);
}

async function fillClasses(): Promise<void> {
  const list = await ask<{ classes: Class[] }>("classes");
  classes.value = new Map(list.classes.map((c) => [c.id, c]));
}

async function askHealth(): Promise<void> {
  if (phase.value === "lost") {
    health.value = undefined; // what was is not what is
    return;
  }
  try {
    health.value = await get<Health>("health", AbortSignal.timeout(healthEvery));
  } catch {
    health.value = undefined;
  }
}
