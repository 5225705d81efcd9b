import assert from "node:assert/strict";
import { test } from "node:test";
import { clipAt, countLooks, distance, inOrder, isSensor, spans, viewOf, type CameraView } from "../shared/cameras";
import type { CameraState } from "../shared/camera/protocol";
import { length } from "../shared/format";
import type { Camera, Device } from "../shared/wire";

const now = Date.parse("2026-11-22T07:00:00Z");

function camera(id: string, state: CameraState = "online", at: [number, number] | null = [104, 22]): Camera {
  return { type: "Feature", id, geometry: at && { type: "Point", coordinates: at }, properties: { id, name: id, state, zone: "z", on_demand: false, sector: "traffic" } };
}

function health(id: string, state: string, heardAgo: number, kind = "camera_health"): Device {
  return {
    type: "Feature", id, geometry: null,
    properties: {
      id, name: id, class: kind, zone: "z", sector: "traffic", level: 0, freshness: "fresh", period: 10,
      heard: new Date(now - heardAgo * 1000).toISOString(),
      values: [{ value: "state", text: state, decimals: 0, time: new Date(now).toISOString() }],
    },
  };
}

test("the stream's state counts before the API's, while it comes", () => {
  assert.deepEqual(viewOf(camera("a"), health("a", "frozen", 5), now).look, "frozen");
  assert.deepEqual(viewOf(camera("a", "unreachable"), health("a", "online", 5), now).state, "online");
  assert.deepEqual(viewOf(camera("a"), undefined, now).look, "online");
  const silent = viewOf(camera("a"), health("a", "online", 120), now);
  assert.deepEqual([silent.state, silent.look], [undefined, "unknown"]);
  assert.equal(viewOf(camera("a"), health("a", "rain", 1, "rain_gauge"), now).state, "online", "a sensor of the same name says nothing");
  assert.equal(viewOf(camera("a"), health("a", "of_tomorrow", 1), now).look, "unknown");
});

test("what citywatch says of cameras is no sensor", () => {
  assert.deepEqual(["camera_health", "camera_gateway", "camera_recorder", "citywatch", "canary", "rain_gauge"].map((c) => isSensor(health("x", "", 0, c))), [false, false, false, false, false, true]);
});

const states: Record<string, CameraState> = { far: "online", dead: "unreachable", near: "online", hung: "frozen", rests: "idle" };
const places: Record<string, [number, number]> = { far: [104.5, 22], dead: [104.01, 22], near: [104.1, 22], hung: [104.05, 22], rests: [104.2, 22] };
const views: CameraView[] = Object.keys(states).map((id) => viewOf(camera(id, states[id]!, places[id]!), undefined, now));

function ids(list: readonly CameraView[]): string {
  return list.map((v) => v.camera.id).join(" ");
}

test("about nothing, each keeps its place", () => {
  assert.equal(ids(inOrder(views, undefined)), "far dead near hung rests");
});

test("about a place, the nearest that work come first", () => {
  const list = inOrder(views, { device: "gauge", at: [104, 22] });
  assert.equal(ids(list), "near rests far dead hung");
  assert.ok(Math.abs(list[0]!.distance! - 10_310) < 50, String(list[0]!.distance));
});

test("a camera that is the matter comes before all", () => {
  assert.equal(ids(inOrder(views, { device: "hung", at: places["hung"] })), "hung near rests far dead");
  const nowhere = inOrder([...views, viewOf(camera("lost", "online", null), undefined, now)], { device: "gauge", at: [104, 22] });
  assert.equal(ids(nowhere), "near rests far lost dead hung", "without a place it comes after those that have one");
});

test("cameras are counted by how they are", () => {
  assert.deepEqual(countLooks(views), { online: 2, idle: 1, frozen: 1, off: 1, unknown: 0 });
});

test("distances are as long as the earth is round", () => {
  assert.ok(Math.abs(distance([103.9655, 22.501], [103.8438, 22.3364]) - 22_200) < 200);
  assert.equal(distance([104, 22], [104, 22]), 0);
  assert.deepEqual([length("vi", 260), length("vi", 2_345), length("en", 2_345), length("vi", 14_400), length("vi", 960)], ["250 m", "2,3 km", "2.3 km", "14 km", "1,0 km"]);
});

const at = (minute: number): string => new Date(now + minute * 60_000).toISOString();
const recorded = [{ from: at(-30), to: at(-20) }, { from: at(-20), to: at(-10) }, { from: at(-5), to: at(-1) }];

test("what is recorded lies on a line of time", () => {
  const line = spans(recorded, now - 25 * 60_000, now);
  assert.deepEqual(line.map((s) => [s.from.toFixed(2), s.to.toFixed(2)]), [["0.00", "0.60"], ["0.80", "0.96"]]);
  assert.deepEqual(spans(recorded, now + 1, now + 2), []);
});

test("a clip begins where somebody points, or where there is something", () => {
  const minutes = (c: { from: number; to: number } | undefined): (number | undefined)[] => [c && (c.from - now) / 60_000, c && (c.to - now) / 60_000];
  assert.deepEqual(minutes(clipAt(recorded, now - 25 * 60_000, 60_000)), [-25, -24]);
  assert.deepEqual(minutes(clipAt(recorded, now - 8 * 60_000, 60_000)), [-5, -4], "in the gap: the next that is there");
  assert.deepEqual(minutes(clipAt(recorded, now, 60_000)), [-2, -1], "after the end: the newest");
  assert.deepEqual(minutes(clipAt([], now, 60_000)), [undefined, undefined]);
});
