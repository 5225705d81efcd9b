import assert from "node:assert/strict";
import { test } from "node:test";
import { everything, overlaysOf, passes } from "../desk/filter";
import { fold, matches } from "../desk/fold";
import { format, parse } from "../desk/route";
import { inputTime, readTime } from "../desk/time";
import { Times } from "../shared/format";
import type { Alert } from "../shared/wire";

test("accents do not matter, in either direction", () => {
  for (const [query, text] of [["bao ha", "Xã Bảo Hà"], ["đo mưa", "Do mua Sa Pa"], ["dò", "Đỏ"], ["QUOC LO 70", "Quốc lộ 70, Bảo Yên"]] as const) {
    assert.ok(matches(fold(query), text) > 0, `${query} in ${text}`);
  }
  assert.equal(matches(fold("bao ha"), "Bắc Hà"), 0);
  // The order of words does not matter, but a better text comes first.
  assert.ok(matches(fold("ha bao"), "Bảo Hà") > 0);
  assert.ok(matches(fold("sa pa"), "Sa Pa") > matches(fold("sa pa"), "Đo mưa Sa Pa"));
  assert.ok(matches(fold("sa pa"), "Đo mưa Sa Pa") > matches(fold("sa pa"), "Ca pa Sa"));
  // The same letters, put together in another way, as some keyboards do.
  assert.equal(fold("Ba\u0309o"), fold("B\u1ea3o"));
});

test("an address says what is looked at", () => {
  for (const hash of ["#/", "#/alert/river-flood%2Flao-cai%2F1", "#/device/%C4%91%E1%BB%93", "#/handover/h1", "#/audit"]) {
    assert.equal(format(parse(hash)), hash);
  }
  assert.deepEqual(parse("#/alert/a%2Fb"), { view: "overview", kind: "alert", id: "a/b" });
  assert.deepEqual(parse("#/nonsense"), { view: "overview" });
  assert.deepEqual(parse("#/device/%zz"), { view: "overview", kind: "device", id: "%zz" });
  assert.deepEqual(parse(""), { view: "overview" });
});

test("fields of forms are on the province's clock", () => {
  const times = new Times("Asia/Ho_Chi_Minh");
  const at = Date.parse("2026-11-21T20:10:00Z");
  assert.equal(inputTime(times, at), "2026-11-22T03:10");
  assert.equal(readTime(times, "2026-11-22T03:10"), at);
  assert.equal(readTime(times, "2026-11-22T03:10:59"), at);
  assert.equal(readTime(times, ""), undefined);
  assert.equal(readTime(times, "2026-13-45T03:10"), undefined);
  // A clock that is changed twice a year.
  const berlin = new Times("Europe/Berlin");
  for (const text of ["2026-03-29T01:59", "2026-03-29T03:01", "2026-10-25T01:30", "2026-10-25T03:30", "2026-07-01T12:00"]) {
    assert.equal(inputTime(berlin, readTime(berlin, text)!), text);
  }
});

function alert(change: Partial<Alert["properties"]>): Alert {
  return {
    type: "Feature", id: "a", geometry: null,
    properties: {
      id: "a", rule: "r", name: { vi: "Lũ", en: "Flood" }, hazard: "flood", level: 3, condition: "active", handling: "new", stale: false, open: true,
      zone: "sa-pa", sector: "disaster", device: "d", since: "", updated: "", version: 1, evidence: [], ...change,
    },
  };
}

test("a filter lets through what it names, and everything when it names nothing", () => {
  const shelved = alert({ shelved: { until: "", by: "", reason: "" }, flapping: true });
  assert.ok(passes(everything, alert({}), ""));
  assert.deepEqual(overlaysOf(shelved.properties), ["shelved", "flapping"]);
  assert.deepEqual(overlaysOf(alert({}).properties), ["none"]);
  const cases: [Partial<typeof everything>, Alert, boolean][] = [
    [{ level: 4 }, alert({}), false],
    [{ level: 3 }, alert({}), true],
    [{ zone: "sa-pa", sector: "disaster", hazard: "flood" }, alert({}), true],
    [{ zone: "bac-ha" }, alert({}), false],
    [{ sector: "fire" }, alert({}), false],
    [{ condition: "stale" }, alert({}), false],
    [{ condition: "stale" }, alert({ stale: true, condition: "recovering" }), true],
    [{ condition: "active" }, alert({ condition: "normal" }), false],
    [{ handling: "unfinished" }, alert({}), false],
    [{ handling: "unfinished" }, alert({ handling: "on_scene" }), true],
    [{ overlay: "none" }, shelved, false],
    [{ overlay: "flapping" }, shelved, true],
    [{ text: "muc nuoc" }, alert({}), true],
    [{ text: "mưa" }, alert({}), false],
  ];
  for (const [f, a, want] of cases) assert.equal(passes({ ...everything, ...f }, a, "Lũ Mực nước sông Thao"), want, JSON.stringify(f));
});
