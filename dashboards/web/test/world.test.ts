import assert from "node:assert/strict";
import { test } from "node:test";
import { places, zoneLevels } from "../shared/places";
import { World, worstFirst } from "../shared/world";
import type { Alert, AlertProperties, Device, Frame, Level } from "../shared/wire";

export function alert(id: string, level: Level, more: Partial<AlertProperties> = {}, at: [number, number] | null = [104, 22]): Alert {
  return {
    type: "Feature",
    id,
    geometry: at && { type: "Point", coordinates: at },
    properties: {
      id, rule: "r", name: { vi: id, en: id }, hazard: "flood", level, condition: "active", handling: "new", stale: false,
      open: true, zone: "z", sector: "disaster", device: "d", since: "2026-11-22T07:00:00Z", updated: "2026-11-22T07:00:00Z",
      version: 1, evidence: [], ...more,
    },
  };
}

function device(id: string): Device {
  return {
    type: "Feature", id, geometry: null,
    properties: { id, name: id, class: "c", zone: "z", sector: "fire", level: 0, freshness: "fresh", period: 10, values: [] },
  };
}

const time = "2026-11-22T07:00:00Z";

function change(seq: number, feature: Alert, removed = false): Frame {
  return { type: "alert", seq, time, removed, feature, transition: { id: `${feature.id}/${seq}`, at: time, reason: "fired" } };
}

test("a snapshot replaces everything", () => {
  const w = new World();
  w.apply({ type: "snapshot", epoch: "e1", seq: 5, time, alerts: [alert("a", 1)], devices: [device("d1")] });
  w.apply({ type: "snapshot", epoch: "e2", seq: 2, time, alerts: [alert("b", 2)], devices: [device("d2")] });
  assert.deepEqual([...w.alerts.keys()], ["b"]);
  assert.deepEqual([...w.devices.keys()], ["d2"]);
  assert.deepEqual([w.epoch, w.seq], ["e2", 2]);
});

test("what was told before is passed over", () => {
  const w = new World();
  w.apply({ type: "snapshot", epoch: "e", seq: 5, time, alerts: [alert("a", 3)], devices: [] });
  assert.equal(w.apply(change(5, alert("a", 1))).alerts, false);
  assert.equal(w.alerts.get("a")?.properties.level, 3);
  assert.equal(w.apply(change(6, alert("a", 4))).raised?.id, "a");
  assert.equal(w.seq, 6);
});

test("an alert goes when it is closed, and when it leaves the filter", () => {
  const w = new World();
  for (const [seq, id] of [[1, "a"], [2, "b"]] as const) assert.ok(w.apply(change(seq, alert(id, 2))).raised);
  w.apply(change(3, alert("a", 2, { open: false, handling: "closed" })));
  w.apply(change(4, alert("b", 1), true));
  assert.equal(w.alerts.size, 0);
});

test("resuming keeps the alerts and takes the devices anew", () => {
  const w = new World();
  w.apply({ type: "snapshot", epoch: "e", seq: 1, time, alerts: [alert("a", 1)], devices: [device("old")] });
  w.apply({ type: "resumed", epoch: "e", seq: 1, time, devices: [device("new")] });
  assert.deepEqual([...w.alerts.keys()], ["a"]);
  assert.deepEqual([...w.devices.keys()], ["new"]);
});

test("devices come, change and go; a heartbeat moves the place", () => {
  const w = new World();
  w.apply({ type: "devices", time, features: [device("d1"), device("d2")] });
  w.apply({ type: "devices", time, features: [], removed: ["d1"] });
  assert.deepEqual([...w.devices.keys()], ["d2"]);
  w.apply({ type: "heartbeat", time, seq: 9 });
  w.apply({ type: "heartbeat", time, seq: 4 });
  assert.equal(w.seq, 9);
});

test("a frame of a newer server does no harm", () => {
  const w = new World();
  assert.deepEqual(w.apply({ type: "teams", time } as unknown as Frame), { alerts: false, devices: false });
});

test("the worst comes first, then the newest", () => {
  const list = [
    alert("old", 2, { since: "2026-11-22T06:00:00Z" }), alert("low", 1), alert("new", 2, { since: "2026-11-22T08:00:00+00:00" }), alert("top", 5),
  ];
  assert.deepEqual(list.sort(worstFirst).map((a) => a.id), ["top", "new", "old", "low"]);
});

test("alerts at one place share a marker, which shows the worst that nobody has seen", () => {
  const found = places([
    alert("seen", 4, { handling: "acknowledged" }), alert("unseen", 2), alert("lower", 1), alert("elsewhere", 1, {}, [104.1, 22]), alert("nowhere", 5, {}, null),
  ]);
  assert.deepEqual(found.map((p) => [p.worst.id, p.count]), [["unseen", 3], ["elsewhere", 1]]);
});

test("a zone takes the colour of its worst unseen alert", () => {
  const levels = zoneLevels([alert("a", 2), alert("b", 3), alert("c", 5, { handling: "acknowledged" }), alert("d", 1, { zone: "y" }), alert("e", 4, { zone: "" })]);
  assert.deepEqual([...levels], [["z", 3], ["y", 1]]);
});
