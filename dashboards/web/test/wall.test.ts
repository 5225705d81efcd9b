import assert from "node:assert/strict";
import { test } from "node:test";
import { repeatAfter } from "../shared/sound";
import { ticks } from "../shared/series";
import type { CameraView } from "../shared/cameras";
import type { Bound, Device, Level, Storm, StormRow } from "../shared/wire";
import { gaugeOf, inOrder } from "../wall/gauges";
import { sectorOf } from "../wall/sectors";
import { alarmOf, stormSounds } from "../wall/loudest";
import { nextSteps } from "../wall/steps";
import { alert } from "./world.test";

const now = Date.parse("2026-11-22T07:00:00Z");
const ago = (s: number): string => new Date(now - s * 1000).toISOString();

function device(id: string, cls: string, sector: string, values: Record<string, number | string>, s = 5, bounds?: Record<string, Bound[]>): Device {
  return {
    type: "Feature", id, geometry: null,
    properties: {
      id, name: id, class: cls, zone: "z", sector, level: 0, freshness: "fresh", heard: ago(s), period: 10,
      values: Object.entries(values).map(([value, v]) => ({ value, decimals: 1, time: ago(s), ...(typeof v === "number" ? { number: v } : { text: v }) })),
      ...(bounds ? { bounds } : {}),
    },
  };
}

test("a sector's numbers are of what reports, and say where", () => {
  const s = sectorOf("disaster", [device("a", "rain_gauge", "disaster", { rain_1h: 12, rain_24h: 40 }), device("b", "rain_gauge", "disaster", { rain_1h: 30 }), device("dark", "rain_gauge", "disaster", { rain_1h: 99 }, 3600)], [], now);
  assert.deepEqual([s.sensors, s.silent], [3, 1]);
  const [hour, daily, soil] = s.facts;
  assert.deepEqual([hour?.value?.number, hour?.place], [30, "b"], "what is silent has no say");
  assert.deepEqual([daily?.value?.number, daily?.place], [40, "a"]);
  assert.equal(soil?.value, undefined, "nothing known is not zero");
});

test("fire panels are counted by what they say", () => {
  const panel = (id: string, state: string): Device => device(id, "fire_panel", "fire", { state });
  const s = sectorOf("fire", [panel("a", "normal"), panel("b", "fire"), panel("c", "fault"), device("d", "smoke_detector", "fire", { smoke: 1 })], [], now);
  assert.deepEqual(s.facts.map((f) => [f.label, f.count?.n, f.count?.all ?? 0, !!f.bad]), [["panels", 1, 3, false], ["panelsFire", 1, 0, true], ["panelsFault", 1, 0, false], ["detectors", 1, 0, true]]);
});

test("tourism counts the points whose picture can be used", () => {
  const view = (id: string, look: CameraView["look"], more = {}): CameraView => ({
    look, state: "online",
    camera: { type: "Feature", id, geometry: null, properties: { id, name: id, state: "online", zone: "", on_demand: false, sector: "tourism", last_frame: ago(3), ...more } },
  });
  const s = sectorOf("tourism", [], [view("a", "online", { activity: 0.2 }), view("b", "online", { usable: false, activity: 0.9 }), view("c", "off")], now);
  assert.deepEqual([s.facts[0]?.count, s.facts[0]?.bad], [{ n: 1, all: 3 }, true]);
  assert.deepEqual([s.facts[1]?.place, s.facts[1]?.value?.number], ["a", 20], "a covered camera is not lively");
});

const bounds = (...list: (number | null)[]): Record<string, Bound[]> => ({ water_level: list.map((bound, i) => ({ level: (i + 1) as Level, bound })) });

test("a river's unknown alarm level is neither drawn nor guessed", () => {
  const g = gaugeOf(device("r", "river_gauge", "disaster", { water_level: 82 }, 5, bounds(80, null, 83.5)));
  assert.deepEqual([g.drawn.map((b) => b.bound), g.missing, g.reached?.level, g.next?.level], [[80, 83.5], [2], 1, 3]);
});

test("rivers come in the order in which they matter", () => {
  const river = (id: string, level: number, ...b: (number | null)[]): Device => device(id, "river_gauge", "disaster", { water_level: level }, 5, bounds(...b));
  const list = [river("unknown", 99, null, null), river("low", 70, 80), river("near", 79.9, 80), river("over", 84, 80, null, 83.5), river("one", 81, 80, 82)];
  assert.deepEqual(inOrder(list).map((g) => g.device.id), ["over", "one", "near", "low", "unknown"]);
});

test("the highest level that nobody has seen sounds, until somebody has", () => {
  const list = [alert("a", 2), alert("b", 4), alert("c", 5, { handling: "acknowledged" }), alert("d", 5, { flapping: true })];
  assert.equal(alarmOf(list, undefined, now), 4);
  assert.equal(alarmOf(list.filter((a) => a.id !== "b"), undefined, now), 2);
  assert.equal(alarmOf([], undefined, now), 0);
});

test("in a storm only a new highest level sounds, and for a while", () => {
  const row = (k: string, level: Level, s: number): StormRow => ({ key: k, kind: "zone", id: k, count: 5, new: 5, level, levels: [5, 0, 0, 0, 0], newest: "", at: ago(0), position: [104, 22], sounded: ago(s) });
  const storm: Storm = { on: true, recent: 99, limit: 30, over: 600, open: 99, rows: [row("a", 3, 100), row("b", 3, 1)] };
  const flood = [alert("x", 5)];
  assert.equal(alarmOf(flood, storm, now), 0, "more of the same");
  storm.rows.push(row("c", 4, 2));
  assert.equal(alarmOf(flood, storm, now), 4);
  assert.equal(alarmOf(flood, storm, now + stormSounds), 0);
  storm.rows[2]!.new = 0;
  assert.equal(alarmOf(flood, storm, now), 0, "somebody has seen it");
});

test("the graver, the oftener it sounds", () => {
  const levels: Level[] = [1, 2, 3, 4, 5];
  for (const l of levels.slice(1)) assert.ok(repeatAfter(l) < repeatAfter((l - 1) as Level));
});

test("the axis has round numbers, each once", () => {
  assert.deepEqual(ticks(79.7, 84.2, 2), [80, 82, 84]);
  assert.deepEqual(ticks(-0.08, 0.08, 0), [0]);
  assert.ok(!Object.is(ticks(-0.08, 0.08, 0)[0], -0));
  assert.deepEqual(ticks(-0.08, 1.08, 0), [0, 1]);
  assert.deepEqual(ticks(5, 5, 1), []);
});

test("of a long checklist the next steps are shown, and the rest is counted", () => {
  const items = (done: string): Parameters<typeof nextSteps>[0] =>
    [...done].map((d, i) => ({ id: String(i), rule: "r", vi: "v", en: "e", done: d === "x", version: 1 }));
  const ids = (done: string): [string, number] => {
    const { shown, more } = nextSteps(items(done));
    return [shown.map((s) => s.id).join(""), more];
  };
  assert.deepEqual(ids("x.x."), ["0123", 0], "a short one whole");
  assert.deepEqual(ids("......."), ["012", 4]);
  assert.deepEqual(ids("x.xx.."), ["145", 0], "what is done makes room");
  assert.deepEqual(ids("x......"), ["123", 3]);
  assert.deepEqual(ids("xxxxx"), ["", 0]);
});
