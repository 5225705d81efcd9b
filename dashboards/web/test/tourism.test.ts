import assert from "node:assert/strict";
import { test } from "node:test";
import { bestRanges, ceiling, holesOf, thinned } from "../tourism/shapes";
import { addDays, dateOf, momentAt, timeOf, weekOf } from "../shared/zoned";

const here = "Asia/Ho_Chi_Minh";

test("a clock's reading is a moment", () => {
  assert.equal(momentAt(here, "2026-11-22"), Date.parse("2026-11-21T17:00:00Z"));
  assert.equal(momentAt(here, "2026-11-22", "14:03"), Date.parse("2026-11-22T07:03:00Z"));
  assert.equal(momentAt(here, "2026-11-22", "14:03:22"), Date.parse("2026-11-22T07:03:22Z"));
  for (const text of ["", "25:00:00", "14:61:00", "noon"]) assert.ok(Number.isNaN(momentAt(here, "2026-11-22", text || "x")), text);
});

test("where clocks are put forward, a day has 23 hours", () => {
  const zone = "Europe/Paris";
  assert.equal(momentAt(zone, "2026-03-30") - momentAt(zone, "2026-03-29"), 23 * 3_600_000);
  assert.equal(momentAt(zone, "2026-10-26") - momentAt(zone, "2026-10-25"), 25 * 3_600_000);
});

test("a moment is a clock's reading", () => {
  const at = Date.parse("2026-11-21T17:00:05.400Z");
  assert.equal(dateOf(here, at), "2026-11-22");
  assert.equal(timeOf(here, at), "00:00:05");
  assert.equal(dateOf(here, at - 6000), "2026-11-21");
});

test("days and weeks follow the calendar", () => {
  assert.equal(addDays("2026-12-31", 1), "2027-01-01");
  assert.equal(addDays("2028-03-01", -1), "2028-02-29");
  for (const [date, week] of [["2026-01-01", "2026-W01"], ["2025-12-29", "2026-W01"], ["2026-11-22", "2026-W47"], ["2027-01-03", "2026-W53"], ["2027-01-04", "2027-W01"]] as const) {
    assert.equal(weekOf(date), week, date);
  }
});

test("an axis ends above what it shows, in round steps", () => {
  for (const [value, top, steps] of [[0, 0.01, 2], [0.004, 0.005, 5], [0.26, 0.3, 3], [0.3, 0.3, 3], [0.31, 0.5, 5], [0.12, 0.2, 4], [0.9, 1, 5]] as const) {
    const axis = ceiling(value);
    assert.ok(Math.abs(axis.top - top) < 1e-9 && axis.steps === steps, `${value}: ${axis.top} in ${axis.steps}`);
  }
});

test("hours that follow each other are one range", () => {
  assert.deepEqual(bestRanges([7, 8, 15, 23]), [{ from: 7, to: 9 }, { from: 15, to: 16 }, { from: 23, to: 24 }]);
  assert.deepEqual(bestRanges([]), []);
});

test("a strip of many pictures keeps the first and the newest", () => {
  const all = Array.from({ length: 1440 }, (_, i) => i);
  const strip = thinned(all);
  assert.equal(strip.length, 48);
  assert.equal(strip[0], 0);
  assert.equal(strip.at(-1), 1439);
  assert.deepEqual(thinned([1, 2]), [1, 2]);
});

test("what is not recorded of a choice is told", () => {
  const choice = { from: 0, to: 100_000 };
  assert.deepEqual(holesOf(choice, [{ from: 0.1, to: 0.5 }, { from: 0.505, to: 1 }]), [{ from: 0, to: 10_000 }]);
  assert.deepEqual(holesOf(choice, []), [choice]);
  assert.deepEqual(holesOf(choice, [{ from: 0, to: 1 }]), []);
});
