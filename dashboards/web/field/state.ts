// What the page shows: the present where it is known, else what was known last.

import { batch, computed, effect, signal } from "@preact/signals";
import { get } from "../shared/api";
import { distance } from "../shared/cameras";
import { duration } from "../shared/format";
import { alerts, clock, devices, lang, lastFrame, now, phase, province, takeAlert, times, zones } from "../shared/live";
import { remember, remembered } from "../shared/memory";
import type { Alert, AlertProperties } from "../shared/wire";
import { worstFirst } from "../shared/world";
import { discard, flush, items, keep, type Fix, type Item, type Verb } from "./queue";
import { editing, me, setMe, type Me } from "./me";
import { fix, here } from "./where";
import { say } from "./words";

export type Stage = AlertProperties["handling"];

/** What is configured for phones. */
export interface Centre {
  time: string;
  call: { name: string; tel: string } | null;
  push?: string;
  photos: number;
  duties: string[];
  teams: boolean;
}

/** What was known last, for when there is no signal. */
interface Known {
  time: number;
  alerts: Alert[];
  devices: Record<string, string>;
  zones: Record<string, string>;
  centre?: Centre;
  teams?: Team[];
  zone?: string;
}

/** Somebody who can be sent. */
export interface Team {
  id: string;
  name: string;
  /** None are the whole province. */
  zones: string[];
  home: [number, number];
}

const knownKey = "field.known";
/** So many alerts are kept: what is beyond nobody reads on a phone. */
const mostKept = 200;

function recall(): Known | undefined {
  try {
    return JSON.parse(remembered(knownKey) ?? "") as Known;
  } catch {
    return undefined;
  }
}

const known = signal<Known | undefined>(recall());
const local = signal(Date.now());
export const centre = signal<Centre | undefined>(known.peek()?.centre);
export const teams = signal<Team[]>(known.peek()?.teams ?? []);
/** The names of devices that the stream does not tell of: of alerts outside my zones. */
const farNames = signal<Record<string, string>>({});

/** The time, in ms: the server's where it is known. */
export const time = computed(() => now.value ?? local.value);
/** Whether what is shown is the present. */
export const current = computed(() => phase.value === "live");
/** For when what is shown is true, in ms; undefined where nothing was ever known. */
export const asOf = computed(() => lastFrame.value ?? known.value?.time);

export function ago(ms: number): string {
  const passed = time.value - ms;
  return passed < 1500 ? say(lang.value, "justNow") : say(lang.value, "ago", { age: duration(lang.value, passed) });
}

/** How long ago something was by this phone's own clock, which may be wrong. */
export function agoHere(ms: number): string {
  return ago(time.value - (Date.now() - ms));
}

export function clockTime(ms: number): string {
  return times.value.since(lang.value, ms, time.value);
}

export function zoneName(id: string): string {
  const found = zones.value?.features.find((z) => z.id === id)?.properties.name;
  return found ?? known.value?.zones[id] ?? id;
}

export function deviceName(id: string): string {
  return devices.value.get(id)?.properties.name ?? farNames.value[id] ?? known.value?.devices[id] ?? id;
}

/** My team as the centre's list has it. */
export const myTeam = computed(() => teams.value.find((t) => t.id === me.value?.team));

export function teamName(id: string): string {
  return teams.value.find((t) => t.id === id)?.name ?? id;
}

/** Everything that was pressed and is not answered yet, the oldest first. */
export const queued = signal<readonly Item[]>([]);
/** Why something could not be kept on this phone; empty if it could. */
export const keepFault = signal("");
/** The alert that is shown by itself. */
export const open = signal<string | undefined>(new URLSearchParams(location.search).get("alert") ?? undefined);

const stages: readonly Stage[] = ["new", "acknowledged", "dispatched", "on_scene", "contained"];
const leadsTo: Partial<Record<Verb, Stage>> = { acknowledge: "acknowledged", dispatch: "dispatched", on_scene: "on_scene", contained: "contained" };
export const steps: readonly Verb[] = ["acknowledge", "dispatch", "on_scene", "contained"];

/** How far an alert is, what is not sent yet included. */
export function stageOf(alert: Alert): { stage: Stage; unsent: boolean } {
  let stage = alert.properties.handling;
  let unsent = false;
  for (const item of queued.value) {
    const to = leadsTo[item.verb];
    if (item.alert === alert.id && to && !item.refused) {
      stage = to;
      unsent = true;
    }
  }
  return { stage, unsent };
}

/** The step that comes next, undefined when nothing is left to do here. */
export function nextStep(stage: Stage): Verb | undefined {
  return steps[stages.indexOf(stage)];
}

export function stageIndex(stage: Stage): number {
  return stages.indexOf(stage);
}

function mine(alert: Alert): boolean {
  const m = me.value;
  if (!m) return true;
  const p = alert.properties;
  if (m.team && p.assigned === m.team) return true;
  return p.level >= m.level && (m.zones.length === 0 || m.zones.includes(p.zone));
}

/** What needs somebody comes first, then the nearest; without a position the worst. */
export const list = computed<Alert[]>(() => {
  const live = lastFrame.value !== undefined;
  const all = live ? alerts.value : (known.value?.alerts ?? []);
  const from = here.value;
  const far = (a: Alert): number => (from && a.geometry ? distance(from, a.geometry.coordinates) : Infinity);
  const done = (a: Alert): number => (nextStep(stageOf(a).stage) ? 0 : 1);
  return all.filter(mine).sort((a, b) => done(a) - done(b) || (far(a) === far(b) ? 0 : far(a) - far(b)) || worstFirst(a, b));
});

const openOne = computed<Alert | undefined>(() => list.value.find((a) => a.id === open.value));
/** The one that was open last: it may be closed while somebody photographs it. */
const lastOpen = signal<Alert | undefined>(undefined);

/** The alert that is shown, as it is or as it was when it was last known. */
export const shown = computed<Alert | undefined>(() => openOne.value ?? (lastOpen.value?.id === open.value ? lastOpen.value : undefined));
/** Whether the one that is shown is no longer among mine: it was closed. */
export const over = computed(() => shown.value !== undefined && openOne.value === undefined);

async function refresh(): Promise<void> {
  try {
    queued.value = await items();
  } catch (error) {
    keepFault.value = String(error);
  }
}

let sending = false;

/** Sends what waits, if there is a way. */
export async function sendQueued(): Promise<void> {
  if (sending) return;
  sending = true;
  try {
    await flush((_, after) => {
      if (after) takeAlert(after);
      void refresh();
    });
  } catch {
    // The browser has no locks or no store: what is shown says so.
  } finally {
    sending = false;
    await refresh();
  }
}

/** Who goes, as the centre knows them: a team of its list, any name where it has none. */
function goer(m: Me): string | undefined {
  return teams.value.length === 0 ? m.team || m.person : myTeam.value?.id;
}

/** Does something about an alert: it is kept first, and sent when there is a signal. */
export async function press(alert: Alert, verb: Verb, more: { note?: string; photo?: Blob; fix?: Fix | undefined } = {}): Promise<void> {
  const m = me.value;
  if (!m) return;
  const to = goer(m);
  if (verb === "dispatch" && !to && !alert.properties.assigned) {
    editing.value = true; // nobody knows who is on the way: the settings ask
    return;
  }
  const item: Item = {
    key: crypto.randomUUID(),
    alert: alert.id,
    title: alert.properties.name[lang.value] || alert.properties.name.vi,
    verb,
    version: alert.properties.version,
    actor: m.person,
    pressed: new Date(clock.now() ?? Date.now()).toISOString(),
    ...(to && (verb === "dispatch" || verb === "on_scene" || verb === "contained") ? { to } : {}),
    ...(more.note ? { note: more.note } : {}),
    ...(more.photo ? { photo: more.photo } : {}),
    ...(more.fix ? { fix: more.fix } : {}),
  };
  await hold(item);
}

async function hold(item: Item): Promise<void> {
  try {
    await keep(item);
    keepFault.value = "";
  } catch (error) {
    keepFault.value = error instanceof Error ? error.message : String(error);
    return;
  }
  await refresh();
  void askForSync();
  void sendQueued();
}

/** Has the browser wake the worker when there is a signal, where it can. */
async function askForSync(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration("field");
  const sync = (registration as unknown as { sync?: { register(tag: string): Promise<void> } } | undefined)?.sync;
  await sync?.register("queue").catch(() => undefined);
}

/** Sends something that was refused once more, about the alert as it is now. */
export async function resend(item: Item): Promise<void> {
  const now = list.value.find((a) => a.id === item.alert) ?? item.refused?.alert;
  const { refused: _, ...rest } = item;
  await discard(item.key);
  await hold({ ...rest, key: crypto.randomUUID(), version: now?.properties.version ?? item.version });
}

export async function drop(item: Item): Promise<void> {
  await discard(item.key);
  await refresh();
}

/** How often what waits is tried, and how long an answer may take, in ms. */
const tryEvery = 15_000;
const patience = 60_000;

async function askCentre(): Promise<void> {
  try {
    centre.value = await get<Centre>("field", AbortSignal.timeout(patience));
  } catch {
    // What is known stays.
  }
  if (!centre.value?.teams) return;
  try {
    const answer = await get<{ features: { properties: Team }[] }>("teams", AbortSignal.timeout(patience));
    teams.value = answer.features.map(({ properties: { id, name, zones, home } }) => ({ id, name, zones, home }));
    byID();
  } catch {
    // What is known stays.
  }
}

/** A team that was written by its name, before the list was here, is its id. */
function byID(): void {
  const m = me.peek();
  const same = teams.peek().find((t) => m && t.id !== m.team && t.name.toLowerCase() === m.team.toLowerCase());
  if (m && same) setMe({ ...m, team: same.id });
}

const asked = new Set<string>();

/** Asks what the device is called of an alert that lies outside my zones. */
async function askName(id: string): Promise<void> {
  if (!id || asked.has(id) || deviceName(id) !== id) return;
  asked.add(id);
  try {
    const device = await get<{ properties: { name: string } }>(`devices/${encodeURIComponent(id)}`, AbortSignal.timeout(patience));
    farNames.value = { ...farNames.peek(), [id]: device.properties.name };
  } catch {
    asked.delete(id); // with the next change
  }
}

/** Writes down what is known, so that it is there without a signal. */
function remember_(): void {
  const at = lastFrame.peek();
  if (at === undefined) return;
  const kept = alerts.peek().filter(mine).slice(0, mostKept);
  const next: Known = {
    time: at,
    alerts: kept,
    devices: Object.fromEntries(kept.map((a) => [a.properties.device, deviceName(a.properties.device)])),
    zones: Object.fromEntries((zones.peek()?.features ?? []).map((z) => [z.id, z.properties.name])),
    ...(centre.peek() ? { centre: centre.peek()! } : {}),
    ...(teams.peek().length > 0 ? { teams: teams.peek() } : {}),
    ...(province.peek() ? { zone: province.peek()!.time_zone } : {}),
  };
  remember(knownKey, JSON.stringify(next));
  known.value = next;
}

export function follow(): void {
  window.setInterval(() => (local.value = Date.now()), 1000);
  window.setInterval(() => void sendQueued(), tryEvery);
  window.setInterval(remember_, 5000);
  window.addEventListener("online", () => void sendQueued());
  window.addEventListener("pagehide", remember_);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") remember_();
    else void sendQueued();
  });
  new BroadcastChannel("citywatch-field").onmessage = () => void refresh();
  effect(() => {
    if (!current.value) return;
    void askCentre();
    void sendQueued();
  });
  let stored = "";
  effect(() => {
    const versions = alerts.value.map((a) => `${a.id}.${a.properties.version}`).join();
    void zones.value;
    if (versions === stored) return;
    stored = versions;
    remember_();
    if (current.peek()) for (const a of list.peek()) void askName(a.properties.device);
  });
  effect(() => {
    if (openOne.value) lastOpen.value = openOne.value;
  });
  void refresh();
}

export function show(id: string | undefined): void {
  batch(() => (open.value = id));
  const url = new URL(location.href);
  if (id) url.searchParams.set("alert", id);
  else url.searchParams.delete("alert");
  if (id) history.pushState({ alert: id }, "", url);
  else history.replaceState(null, "", url);
  window.scrollTo(0, 0);
}

window.addEventListener("popstate", () => {
  open.value = new URLSearchParams(location.search).get("alert") ?? undefined;
});

/** The position that goes with what is pressed now, if it is not older than this, in ms. */
const freshFix = 2 * 60_000;

export function freshPosition(): Fix | undefined {
  const f = fix.value;
  return f && Date.now() - f.time < freshFix ? f : undefined;
}
