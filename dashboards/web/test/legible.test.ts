import assert from "node:assert/strict";
import { test } from "node:test";
import { readable, room } from "../shared/legible";

test("letters are as large as the distance needs", () => {
  // 5 m × 20' = 29.1 mm of capital, on a panel of 1920 pixels to 3.6 m.
  assert.ok(Math.abs(readable(5, 3.6, 1920) - (29.09 / 3600) * 1920 / 0.7) < 0.1);
  assert.ok(Math.abs(readable(10, 3.6, 1920) / readable(5, 3.6, 1920) - 2) < 1e-6, "twice as far, twice as large");
  assert.ok(Math.abs(readable(5, 3.6, 3840) / readable(5, 3.6, 1920) - 2) < 1e-9, "in pixels half as wide, twice as many");
  assert.ok(readable(5, 1.2, 1920) > 60);
});

test("where few letters fit, less is shown", () => {
  assert.deepEqual([120, 96, 70, 46].map(room), ["ample", "ample", "some", "little"]);
});
