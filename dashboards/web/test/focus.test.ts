import assert from "node:assert/strict";
import { test } from "node:test";
import { focusOf, hold, linger } from "../wall/focus";
import type { Alert, AlertProperties, Level, Storm, StormRow } from "../shared/wire";
import { alert } from "./world.test";

const begin = Date.parse("2026-11-22T07:00:00Z");
const at = (s: number): string => new Date(begin + s * 1000).toISOString();

/** An alert that came s seconds after the beginning. */
function came(s: number, id: string, level: Level, more: Partial<AlertProperties> = {}): Alert {
  return alert(id, level, { updated: at(s), incident: "in-" + id, ...more });
}

const key = (alerts: Alert[], s: number, storm?: Storm): string | undefined => focusOf(alerts, storm, begin + s * 1000)?.key;

test("a new alert has the wall at once, and a higher one takes it at once", () => {
  const list = [came(0, "a", 2), came(1, "b", 4)];
  assert.equal(key([], 0), undefined);
  assert.equal(key(list.slice(0, 1), 0), "in-a");
  assert.equal(key(list, 1), "in-b");
});

test("a lower alert never takes the wall from a higher one that nobody has seen", () => {
  const list = [came(0, "high", 4), ...Array.from({ length: 50 }, (_, i) => came(1 + i, `low${i}`, 3))];
  for (let s = 0; s < 3600; s += 7) assert.equal(key(list, s), "in-high");
  list[0] = came(60, "high", 4, { handling: "acknowledged" });
  assert.notEqual(key(list, 61), "in-high");
});

test("of one level each has its turn, and none shorter than it should", () => {
  const list = Array.from({ length: 12 }, (_, i) => came(i * 3, `a${String(i).padStart(2, "0")}`, 3));
  let last: string | undefined;
  let since = -Infinity;
  const seen: string[] = [];
  for (let s = 0; s <= 300; s += 0.25) {
    const here = list.filter((a) => Date.parse(a.properties.updated) <= begin + s * 1000);
    const now = key(here, s);
    if (now === last) continue;
    assert.ok((s - since) * 1000 >= hold || last === undefined, `it moved after ${s - since} s`);
    [last, since] = [now, s];
    seen.push(now ?? "nowhere");
  }
  assert.deepEqual(seen, list.map((a) => a.properties.incident));
});

test("the alerts of one incident are one matter", () => {
  const list = [came(0, "a", 3, { incident: "fire" }), came(5, "b", 3, { incident: "fire" }), came(6, "c", 2, { incident: "fire" })];
  assert.equal(key(list, 7), "fire");
  assert.equal(focusOf(list, undefined, begin + 7000)?.level, 3);
  assert.equal(focusOf([came(9, "d", 4, { incident: "fire" }), ...list], undefined, begin + 9000)?.alert, "d");
});

test("what nobody is to be called for does not take the wall", () => {
  const shelved = { until: at(999), by: "Hoa", reason: "thử" };
  for (const more of [{ shelved }, { suppressed_by: "x" }, { out_of_service: true }, { flapping: true }, { retrospective: true }]) {
    assert.equal(key([came(0, "quiet", 3, more), came(0, "b", 1)], 1), "in-b", JSON.stringify(more));
  }
  assert.equal(key([came(0, "stale", 3, { stale: true }), came(0, "b", 1)], 1), "in-stale", "what sends nothing calls all the same");
});

test("what somebody has just seen stays for a while, then the whole province is shown", () => {
  const list = [came(10, "a", 4, { handling: "acknowledged" }), came(5, "b", 5, { handling: "dispatched" })];
  assert.equal(key(list, 11), "in-a");
  assert.equal(focusOf(list, undefined, begin + 11_000)?.calling, false);
  assert.equal(key(list, 10 + linger / 1000 + 1), undefined);
  assert.equal(key([...list, came(12, "c", 1)], 12), "in-c");
});

test("walls that were switched on at different times look at the same thing", () => {
  const list = Array.from({ length: 9 }, (_, i) => came((i * 37) % 50, `a${i}`, i % 2 ? 3 : 2));
  // Nothing is remembered from one time to the next: the same answer in any order.
  for (let s = 50; s < 300; s += 1) assert.equal(key(list, s), key([...list].reverse(), s));
});

function row(k: string, level: Level, sounded: number, fresh = 1): StormRow {
  return { key: k, kind: "zone", id: k, count: 9, new: fresh, level, levels: [9, 0, 0, 0, 0], newest: "x", at: at(500), position: [104, 22], sounded: at(sounded) };
}

test("in a storm the wall moves by rows, and only for a new highest level", () => {
  const storm: Storm = { on: true, since: at(0), recent: 500, limit: 30, over: 600, open: 500, rows: [row("a", 3, 0), row("b", 4, 5), row("c", 4, 6), row("d", 5, 7, 0)] };
  const flood = Array.from({ length: 500 }, (_, i) => came(i, `f${i}`, 5));
  assert.equal(key(flood, 8, storm), "b");
  assert.equal(key(flood, 26, storm), "c");
  // More of the same in the rows moves nothing.
  storm.rows[1] = { ...storm.rows[1]!, count: 99, new: 80, at: at(40) };
  assert.equal(key(flood, 45, storm), "c");
  assert.equal(key(flood, 45, { ...storm, on: false }), "in-f2");
});

test("a clock that is behind the server's does not hide the only alert", () => {
  assert.equal(key([came(30, "a", 2)], 0), "in-a");
});
