// The present as signals that a page's parts follow: every page begins with start().

import { batch, computed, signal } from "@preact/signals";
import { get, streamURL } from "./api";
import { isSensor } from "./cameras";
import { ServerClock } from "./clock";
import { Connection, type Phase, type Socket } from "./connection";
import { Times } from "./format";
import { countFreshness } from "./freshness";
import { word, type Lang, type Word } from "./words";
import { remember, remembered } from "./memory";
import { World, worstFirst } from "./world";
import type { Alert, Class, Device, Health, Province, Storm, ZoneCollection } from "./wire";

const world = new World();
export const clock = new ServerClock(() => performance.now());

/** The open alerts, worst first. */
export const alerts = signal<Alert[]>([]);
/** The devices by id. A new Map whenever one of them changed. */
export const devices = signal<ReadonlyMap<string, Device>>(new Map());
/** The open alerts folded, for pages that asked for that. */
export const storm = signal<Storm | undefined>(undefined);
export const phase = signal<Phase>("connecting");
/** How many promises are due that nobody has said to be kept. */
export const due = signal(0);
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

/** What a page asks of the stream besides the alerts. */
export interface Also {
  /** The open alerts folded. */
  storm?: boolean;
  /** Only what the API's filter lets pass: zone=…&level=…. */
  filter?: string;
  /** The server's health is not asked for: a phone saves its battery. */
  quiet?: boolean;
}

/** Begins to follow the server. */
export function start(also: Also = {}): void {
  document.documentElement.lang = lang.value;
  lang.subscribe((l) => (document.documentElement.lang = l));
  const connection = new Connection({
    open: (query) => {
      const more = [query.slice(1), also.storm ? "storm=true" : "", also.filter ?? ""].filter((part) => part).join("&");
      return new WebSocket(streamURL(more && "?" + more)) as unknown as Socket;
    },
    position: () => world,
    onPhase: (p) => {
      phase.value = p;
      if (!also.quiet) void askHealth();
    },
    onFrame: (frame) => {
      clock.sample(Date.parse(frame.time));
      batch(() => {
        const change = world.apply(frame);
        if (frame.type === "heartbeat") due.value = frame.due ?? 0;
        lastFrame.value = Date.parse(frame.time);
        if (now.value === undefined) now.value = clock.now();
        if (change.alerts) alerts.value = [...world.alerts.values()].sort(worstFirst);
        storm.value = world.storm;
        if (change.devices) devices.value = new Map(world.devices);
      });
    },
    setTimeout: (f, ms) => window.setTimeout(f, ms),
    clearTimeout: (timer) => window.clearTimeout(timer),
    random: Math.random,
  });
  connection.start();
  window.addEventListener("online", () => connection.hurry());
  document.addEventListener("visibilitychange", () => connection.hurry());
  window.setInterval(() => (now.value = clock.now()), 1000);
  if (!also.quiet) window.setInterval(() => void askHealth(), healthEvery);
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
