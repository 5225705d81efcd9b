import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf, holeAt } from "../shared/clip";

const at = (text: string): number => Date.parse(`2026-11-22T${text}Z`);

test("a clip tells where it begins, its holes, and that it is short", () => {
  const headers = new Map([
    ["X-Clip-From", "2026-11-22T06:59:58.5Z"],
    ["X-Clip-To", "2026-11-22T07:04:00Z"],
    ["X-Clip-Hole", "2026-11-22T07:00:10Z/2026-11-22T07:01:00Z, 2026-11-22T07:02:00Z/2026-11-22T07:02:05Z"],
    ["X-Clip-Short", "the codec changes"],
  ]);
  const facts = factsOf({ get: (name) => headers.get(name) ?? null }, at("07:00:00"));
  assert.deepEqual(facts, {
    begin: at("06:59:58.500"),
    holes: [
      { from: at("07:00:10"), to: at("07:01:00") },
      { from: at("07:02:00"), to: at("07:02:05") },
    ],
    short: at("07:04:00"),
  });
  assert.equal(holeAt(facts.holes, at("07:00:30"))?.to, at("07:01:00"));
  assert.equal(holeAt(facts.holes, at("07:01:00")), undefined, "there it goes on");
});

test("a clip without holes says nothing of them, nor does what is no header", () => {
  assert.deepEqual(factsOf({ get: () => null }, 5), { begin: 5, holes: [], short: undefined });
  assert.deepEqual(factsOf({ get: (name) => (name === "X-Clip-Hole" ? "x/y, 2026, " : null) }, 5).holes, []);
});
