import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "../shared/clock";
import { age, duration, number, quantity, Times, unit } from "../shared/format";
import { countFreshness, freshnessAt } from "../shared/freshness";
import { columns, fitting, range, split } from "../shared/series";
import { textValue, word } from "../shared/words";
import type { Device } from "../shared/wire";

const at = (s: string): number => Date.parse(s);

test("numbers are written as people there write them", () => {
  assert.equal(number("vi", 1234.5, 2), "1.234,50");
  assert.equal(number("en", 1234.5, 2), "1,234.50");
  assert.equal(number("vi", 83.5, 0), "84");
  assert.equal(quantity("vi", 27.25, 1, "Cel"), "27,3\u00a0°C");
  assert.equal(quantity("vi", 3, 0, "1"), "3");
  assert.equal(unit("vi", "{vehicle}/min"), "xe/phút");
  assert.equal(unit("en", "ug/m3"), "µg/m³");
  assert.equal(unit("vi", "kW.h"), "kW.h", "an unknown unit is shown as it is");
});

test("times are those of the province, whatever the machine's zone", () => {
  const t = new Times("Asia/Ho_Chi_Minh");
  const moment = at("2026-11-21T17:03:22Z");
  assert.equal(t.long("vi", moment), "00:03:22");
  assert.equal(t.short("en", moment), "00:03");
  assert.match(t.date("vi", moment), /Chủ Nhật.*22\/11\/2026/);
  assert.equal(t.since("vi", moment, at("2026-11-22T10:00:00Z")), "00:03");
  assert.equal(t.since("vi", moment - 3_600_000, at("2026-11-22T10:00:00Z")), "21/11 23:03");
});

test("durations have one or two units", () => {
  const cases: [number, string][] = [
    [0, "0 giây"], [59.9, "59 giây"], [60, "1 phút"], [3599, "59 phút"], [3600, "1 giờ"], [4800, "1 giờ 20 phút"], [47 * 3600, "47 giờ"], [50 * 3600, "2 ngày"], [-5, "0 giây"],
  ];
  for (const [seconds, want] of cases) assert.equal(duration("vi", seconds * 1000), want);
  assert.equal(age("vi", 400), "vừa xong");
  assert.equal(age("vi", 42_000), "42 giây trước");
  assert.equal(age("en", 42_000), "42 s ago");
});

test("words have their places filled, and both languages have them all", () => {
  assert.equal(word("vi", "below", { n: 3 }), "Còn 3 cảnh báo bên dưới");
  assert.equal(word("en", "level", {}), "Level {n}");
  assert.equal(textValue("vi", "fire"), "CHÁY");
  assert.equal(textValue("vi", "mở"), "mở");
});

function device(heard: string | undefined, period: number): Device {
  const properties: Device["properties"] = { id: "d", name: "d", class: "c", zone: "z", sector: "fire", level: 0, freshness: "fresh", period, values: [] };
  if (heard) properties.heard = heard;
  return { type: "Feature", id: "d", geometry: null, properties };
}

test("freshness is as the server counts it", () => {
  const heard = "2026-11-22T07:00:00Z";
  const after = (seconds: number): string => freshnessAt(device(heard, 10), at(heard) + seconds * 1000);
  assert.equal(after(20), "fresh");
  assert.equal(after(20.001), "late");
  assert.equal(after(50), "late");
  assert.equal(after(50.001), "silent");
  assert.equal(freshnessAt(device(undefined, 10), at(heard)), "never");
  assert.deepEqual(countFreshness([device(heard, 10), device(undefined, 10)], at(heard)), { fresh: 1, late: 0, silent: 0, never: 1 });
});

test("the server's clock is known from the least late frame, and goes on alone", () => {
  let mono = 0;
  const clock = new ServerClock(() => mono);
  assert.equal(clock.now(), undefined);
  clock.sample(1_000_000);
  mono = 1000;
  clock.sample(1_000_400); // 600 ms late: it does not set the clock back
  assert.equal(clock.now(), 1_001_000);
  mono = 2000;
  clock.sample(1_002_300); // less late than the first
  assert.equal(clock.now(), 1_002_300);
  clock.sample(NaN);
  mono = 400_000;
  clock.sample(1_390_000); // the server's clock was set back: believed after a while
  assert.equal(clock.now(), 1_390_000);
});

test("a gap stays a gap", () => {
  const reading = (seconds: number, value: number) => ({ time: new Date(seconds * 1000).toISOString(), value });
  const [x, y] = columns([reading(0, 1), reading(10, 2), reading(10, 9), reading(20, 3), reading(60, 4)], 10);
  assert.deepEqual(x, [0, 10, 20, 40, 60]);
  assert.deepEqual(y, [1, 2, 3, null, 4]);
});

test("the axis shows how far the next bound is, and no further", () => {
  const within = (values: number[], bounds: number[], low: number, high: number): void => {
    const [a, b] = range(values, bounds);
    assert.ok(a < low && a > low - (high - low) && b > high && b < high + (high - low), `${a}–${b} for ${low}–${high}`);
  };
  within([76, 77], [80, 83.5], 76, 80);
  within([79, 82], [80, 83.5], 79, 83.5);
  within([84, 85], [80, 83.5], 83.5, 85);
  within([5, 6], [], 5, 6);
  const [a, b] = range([3, 3], []);
  assert.ok(a < 3 && b > 3);
  assert.deepEqual(range([], []), [0, 1]);
});

test("a level that is not configured is named, never drawn", () => {
  assert.deepEqual(split([{ level: 1, bound: 80 }, { level: 2, bound: null }]), { drawn: [{ level: 1, bound: 80 }], missing: [2] });
});

test("the span that is shown fits what there is", () => {
  const now = at("2026-11-22T07:00:00Z");
  const since = (minutes: number) => [{ time: new Date(now - minutes * 60_000).toISOString(), value: 1 }];
  const spans = [5, 30, 180].map((m) => m * 60_000);
  assert.equal(fitting(spans, since(1), 5, now), spans[0]);
  assert.equal(fitting(spans, since(12), 5, now), spans[1]);
  assert.equal(fitting(spans, since(1), 600, now), spans[2], "six readings of a slow station need an hour");
  assert.equal(fitting(spans, since(1000), 5, now), spans[2]);
  assert.equal(fitting(spans, [], 5, now), spans[2]);
});
