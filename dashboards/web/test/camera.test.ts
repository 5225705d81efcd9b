import assert from "node:assert/strict";
import { test } from "node:test";
import { Keeper, type Buffer } from "../shared/camera/buffer";
import { Edge, fastest, type Ranges } from "../shared/camera/edge";
import { decodeTime, isKey, timescale } from "../shared/camera/fragment";
import { judge, liveWithin, stillWithin, type Facts } from "../shared/camera/look";
import { MediaTimes, moment, parse } from "../shared/camera/protocol";

function box(name: string, ...content: Uint8Array[]): Uint8Array {
  const size = content.reduce((sum, c) => sum + c.length, 8);
  const out = new Uint8Array(size);
  new DataView(out.buffer).setUint32(0, size);
  out.set(new TextEncoder().encode(name), 4);
  let at = 8;
  for (const c of content) {
    out.set(c, at);
    at += c.length;
  }
  return out;
}

function words(...values: number[]): Uint8Array {
  const out = new Uint8Array(values.length * 4);
  values.forEach((v, i) => new DataView(out.buffer).setUint32(i * 4, v));
  return out;
}

function joined(...parts: Uint8Array[]): ArrayBuffer {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out.buffer;
}

const version1 = 1 << 24;

/** A fragment at a time, of one picture whose NAL units have these first bytes. */
function fragment(ticks: number, ...nals: number[]): ArrayBuffer {
  const units = nals.map((first) => joined(words(3), new Uint8Array([first, 1, 2])));
  return joined(
    box("moof", box("mfhd", words(0, 1)), box("traf", box("tfhd", words(0, 1)), box("tfdt", words(version1, Math.floor(ticks / 2 ** 32), ticks >>> 0)))),
    box("mdat", ...units.map((u) => new Uint8Array(u))),
  );
}

const idr = 0x65;
const slice = 0x41;
const sei = 0x06;

/** An init segment whose times count so many ticks a second. */
function init(scale: number): ArrayBuffer {
  return joined(box("ftyp", words(0)), box("moov", box("mvhd", words(0, 0, 0, 1000, 0)), box("trak", box("mdia", box("mdhd", words(0, 0, 0, scale, 0))))));
}

test("fragments say where they lie and whether decoding can begin there", () => {
  assert.equal(timescale(init(90_000)), 90_000);
  assert.equal(decodeTime(fragment(2 ** 33 + 7, idr)), 2 ** 33 + 7);
  assert.equal(isKey(fragment(0, idr), false), true);
  assert.equal(isKey(fragment(0, sei, idr), false), true, "a message may come before the picture");
  assert.equal(isKey(fragment(0, slice, slice), false), false);
  const [cra, trailing, prefixSEI] = [21 << 1, 1 << 1, 39 << 1];
  assert.equal(isKey(fragment(0, cra), true), true);
  assert.equal(isKey(fragment(0, prefixSEI, 19 << 1), true), true);
  assert.equal(isKey(fragment(0, trailing), true), false);
});

test("what is cut off or is no MP4 does no harm", () => {
  const whole = new Uint8Array(fragment(5, sei, idr));
  for (let size = 0; size < whole.length; size++) {
    const part = whole.slice(0, size).buffer;
    isKey(part, false);
    isKey(part, true);
    decodeTime(part);
    timescale(part);
  }
  assert.equal(timescale(fragment(0, idr)), undefined);
  assert.equal(decodeTime(init(1)), undefined);
  const endless = words(0, 0x6d6f6f66, 0, 0).buffer as ArrayBuffer; // a box of no size
  assert.equal(decodeTime(endless), undefined);
});

test("messages are understood, and others passed over", () => {
  assert.deepEqual(parse('{"type":"time","media":1.5,"at":"2026-11-22T07:00:00.250Z"}'), { type: "time", media: 1.5, at: "2026-11-22T07:00:00.250Z" });
  assert.equal(parse('{"type":"state","state":"frozen","since":"2026-11-22T07:00:00Z"}')?.type, "state");
  assert.equal(parse('{"type":"stream","codec":"JPEG"}')?.type, "stream");
  for (const text of ["", "null", "[]", '"state"', '{"type":"time","media":"1","at":"x"}', '{"type":"time","media":1,"at":"soon"}', '{"type":"stream"}', '{"type":"state"}', '{"type":"new"}']) {
    assert.equal(parse(text), undefined, text);
  }
  assert.equal(moment(undefined), undefined);
  assert.equal(moment("0001-01-01T00:00:00Z"), undefined, "Go's zero time is no time");
});

test("a place in the stream has the time of the newest pair", () => {
  const times = new MediaTimes();
  assert.equal(times.at(1), undefined);
  times.set(10, 1_000_000);
  assert.equal(times.at(9.5), 999_500);
  times.set(20, 1_010_200); // the camera's clock is slow
  assert.equal(times.at(20), 1_010_200);
  times.clear();
  assert.equal(times.at(20), undefined);
});

/** Plays a camera of so many frames a second, which come unevenly, for some seconds; returns how far behind it is, at the end of each. */
function play(options: { fps: number; seconds: number; uneven?: number; burst?: number; pause?: [from: number, to: number] }): { behind: number; rates: Set<number>; jumps: number } {
  const { fps, seconds, uneven = 0, burst = 0, pause } = options;
  const edge = new Edge();
  const frame = 1 / fps;
  let at = 0;
  let end = burst;
  let rate = 1;
  let jumps = 0;
  let shown = 0;
  const rates = new Set<number>();
  let due = 0;
  for (let ms = 0; ms < seconds * 1000; ms++) {
    at = Math.min(at + rate / 1000, end);
    if (at === end && end > 0 && ms > 0 && shown !== end) {
      edge.dry(ms);
      shown = end;
    }
    if (pause && ms >= pause[0] && ms < pause[1]) continue;
    let first = true;
    while (due <= ms) {
      if (first) {
        const step = edge.step(at, end > 0 ? [[0, end]] : [], ms);
        rate = step.rate;
        rates.add(Math.round(rate * 100) / 100);
        if (step.to !== undefined) {
          at = step.to;
          jumps++;
        }
      }
      first = false;
      end += frame;
      due = end === burst + frame ? frame * 1000 : (end - burst) * 1000 + Math.abs(Math.sin(end * 91)) * uneven;
    }
  }
  return { behind: burst + seconds - at, rates, jumps };
}

test("a steady stream is held near its edge, at its own speed", () => {
  for (const fps of [25, 15, 5]) {
    const { behind, jumps } = play({ fps, seconds: 20 });
    assert.ok(behind > 0 && behind < 0.14 + 1 / fps, `${fps} fps: ${behind} s behind`);
    assert.equal(jumps, 0);
  }
});

test("what came in one go is left behind at once", () => {
  const { behind, jumps } = play({ fps: 25, seconds: 2, burst: 4 });
  assert.equal(jumps, 1);
  assert.ok(behind < 0.25, `${behind} s behind`);
});

test("after a pause it runs after the edge, no faster than may be, and jumps where that would take long", () => {
  const short = play({ fps: 25, seconds: 20, pause: [5_000, 5_700] });
  assert.ok(short.behind < 0.3, `${short.behind} s behind`);
  assert.ok(Math.max(...short.rates) > 1 && Math.max(...short.rates) <= fastest, `${[...short.rates]}`);
  const long = play({ fps: 25, seconds: 12, pause: [5_000, 9_000] });
  assert.ok(long.jumps >= 1 && long.behind < 0.4, `${long.jumps} jumps, ${long.behind} s behind`);
});

test("an uneven network is given more slack, but not the live edge", () => {
  const { behind } = play({ fps: 25, seconds: 40, uneven: 150 });
  assert.ok(behind < 0.6, `${behind} s behind`);
});

test("over a gap there is only a jump", () => {
  const edge = new Edge();
  const ranges: Ranges = [[0, 4], [9, 10]];
  const { to } = edge.step(3.9, ranges, 0);
  assert.ok(to !== undefined && to >= 9 && to < 10, String(to));
  assert.equal(edge.enter(9.5, ranges), undefined);
  assert.ok(edge.enter(0, [[1000, 1000.04]])! >= 1000, "a stream may begin anywhere");
  assert.ok(edge.enter(500, [[0, 0.04]])! <= 0.04, "and begin anew before where it was");
  assert.equal(edge.enter(0, []), undefined);
});

/** A buffer as browsers have one: it is busy after everything it is asked for. */
class FakeBuffer implements Buffer {
  updating = false;
  content: [number, number][] = [];
  done: string[] = [];
  full = 0;
  broken = false;

  get buffered(): Buffer["buffered"] {
    return { length: this.content.length, start: (i) => this.content[i]![0], end: (i) => this.content[i]![1] };
  }

  private busy(what: string): void {
    assert.equal(this.updating, false, `${what} while it is busy`);
    if (this.broken) throw new Error("removed from its source");
    this.updating = true;
    this.done.push(what);
  }

  appendBuffer(data: ArrayBuffer | Uint8Array<ArrayBuffer>): void {
    if (this.full > 0) {
      this.full--;
      throw Object.assign(new Error("full"), { name: "QuotaExceededError" });
    }
    this.busy(`append ${data.byteLength}`);
  }

  remove(from: number, to: number): void {
    this.busy(`remove ${from} ${to}`);
    this.content = this.content.map(([a, b]): [number, number] => [from <= a ? Math.max(a, to) : a, b]).filter(([a, b]) => b > a);
  }

  abort(): void {
    this.done.push("abort");
  }

  changeType(mime: string): void {
    assert.equal(this.updating, false);
    this.done.push(`type ${mime}`);
  }

  /** What it was doing is done. */
  finish(keeper: Keeper, content?: [number, number][]): void {
    this.updating = false;
    if (content) this.content = content;
    keeper.free();
  }
}

const avc = 'video/mp4; codecs="avc1.42C01E"';

function keep(at = 0): { buffer: FakeBuffer; keeper: Keeper; faults: unknown[]; place: { at: number } } {
  const buffer = new FakeBuffer();
  const faults: unknown[] = [];
  const place = { at };
  const keeper = new Keeper(buffer, avc, { at: () => place.at, onBefore: () => {}, onAfter: () => {}, onFault: (reason) => faults.push(reason) });
  return { buffer, keeper, faults, place };
}

const size = fragment(0, slice).byteLength;

test("fragments go in one after the other, and together when they had to wait", () => {
  const { buffer, keeper } = keep();
  const head = init(90_000);
  keeper.start(avc, head);
  keeper.add(fragment(0, slice)); // before any key frame
  keeper.add(fragment(0, idr));
  keeper.add(fragment(3600, slice));
  buffer.finish(keeper);
  keeper.add(fragment(7200, slice));
  buffer.finish(keeper, [[0, 0.08]]);
  buffer.finish(keeper, [[0, 0.12]]);
  assert.deepEqual(buffer.done, [`append ${head.byteLength}`, `append ${2 * size}`, `append ${size}`]);
});

test("another stream takes the place of the one before", () => {
  const { buffer, keeper } = keep();
  const head = init(90_000);
  keeper.start(avc, head);
  buffer.finish(keeper);
  keeper.add(fragment(0, idr));
  keeper.add(fragment(3600, slice)); // waits, and is of the old stream
  const hevc = 'video/mp4; codecs="hvc1.1.6.L93.B0"';
  keeper.start(hevc, head);
  buffer.finish(keeper, [[100, 102]]);
  buffer.finish(keeper, []);
  keeper.add(fragment(0, 19 << 1));
  buffer.finish(keeper);
  assert.deepEqual(buffer.done.slice(2), ["abort", "remove 0 103", `type ${hevc}`, `append ${head.byteLength}`, `append ${size}`]);
});

test("what was shown goes, in whole groups of pictures", () => {
  const { buffer, keeper, place } = keep();
  keeper.start(avc, init(1000));
  buffer.finish(keeper);
  for (let second = 0; second < 20; second += 2) {
    keeper.add(fragment(second * 1000, idr));
    buffer.finish(keeper, [[buffer.content[0]?.[0] ?? 0, second + 2]]);
    place.at = second + 1.9;
    if (buffer.updating) buffer.finish(keeper);
  }
  const removed = buffer.done.filter((d) => d.startsWith("remove"));
  assert.ok(removed.length >= 3, removed.join());
  for (const r of removed) assert.equal(Number(r.split(" ")[2]) % 2, 0, `${r} does not end at a key frame`);
  assert.ok(buffer.content[0]![0] >= place.at - 9 && buffer.content[0]![0] <= place.at - 4, String(buffer.content));
});

test("a group of pictures that is being shown is never cut", () => {
  const { buffer, keeper, place } = keep();
  keeper.start(avc, init(1000));
  buffer.finish(keeper);
  keeper.add(fragment(0, idr));
  place.at = 300; // the next key frame is a long way off
  buffer.finish(keeper, [[0, 300.2]]);
  assert.equal(buffer.updating, false);
});

test("a full buffer makes room, or begins anew", () => {
  const { buffer, keeper, place, faults } = keep();
  keeper.start(avc, init(1000));
  buffer.finish(keeper);
  for (const second of [0, 2, 4]) {
    keeper.add(fragment(second * 1000, idr));
    place.at = second + 1;
    buffer.finish(keeper, [[0, second + 2]]);
    if (buffer.updating) buffer.finish(keeper);
  }
  buffer.full = 1;
  keeper.add(fragment(6000, slice));
  assert.equal(buffer.done.at(-1), "remove 0 4");
  buffer.finish(keeper);
  assert.equal(buffer.done.at(-1), `append ${size}`, "what did not fit is not lost");
  buffer.finish(keeper, [[4, 6]]);
  buffer.full = 1;
  keeper.add(fragment(6100, slice));
  assert.equal(buffer.done.at(-1), "remove 0 7", "with nothing to spare everything goes");
  buffer.finish(keeper, []);
  keeper.add(fragment(6200, slice));
  assert.equal(buffer.updating, false, "without the key frame that is of no use");
  keeper.add(fragment(8000, idr));
  assert.equal(buffer.updating, true);
  assert.deepEqual(faults, []);
});

test("a browser that takes nothing is not buried in fragments", () => {
  const { buffer, keeper } = keep();
  keeper.start(avc, init(1000)); // and it stays busy
  keeper.add(fragment(0, idr));
  for (let i = 0; i * size < 20 << 20; i++) keeper.add(fragment(i, slice));
  keeper.add(fragment(99, idr));
  buffer.finish(keeper);
  assert.equal(buffer.done.at(-1), `append ${size}`);
});

test("a buffer that is gone is a fault, once told", () => {
  const { buffer, keeper, faults } = keep();
  keeper.start(avc, init(1000));
  buffer.broken = true;
  keeper.add(fragment(0, idr));
  buffer.finish(keeper);
  assert.equal(faults.length, 1);
});

const now = Date.parse("2026-11-22T07:00:00Z");

function facts(more: Partial<Facts> = {}): Facts {
  return { now, state: "online", linked: true, showing: "video", pictureAt: now - 200, idle: 40, refused: undefined, ...more };
}

test("only what moves and is young is live", () => {
  assert.deepEqual(judge(facts()), { look: "live", at: now - 200, of: "picture" });
  assert.equal(judge(facts({ state: "idle" })).look, "live", "somebody watches: the state is about to change");
  assert.equal(judge(facts({ state: undefined })).look, "live");
  const old = { pictureAt: now - liveWithin - 1 };
  assert.deepEqual(judge(facts(old)), { look: "stale", reason: "cameraNoFrames", at: old.pictureAt, of: "picture" });
  assert.equal(judge(facts({ idle: liveWithin + 1 })).look, "stale", "its clock runs, and its picture stands");
  assert.equal(judge(facts({ linked: false })).reason, "cameraLinkLost");
  assert.equal(judge(facts({ linked: false, state: "unreachable" })).reason, "cameraLinkLost", "what was said of the camera is of then");
  assert.equal(judge(facts({ showing: "nothing", pictureAt: undefined })).look, "waiting");
  assert.equal(judge(facts({ linked: false, showing: "nothing", pictureAt: undefined })).look, "waiting");
});

test("what the server knows of a camera counts for more than a picture that moves", () => {
  for (const [state, reason] of [
    ["no_video", "cameraNoVideo"], ["bad_credentials", "cameraBadCredentials"],
    ["unreachable", "cameraUnreachable"], ["unsupported_codec", "cameraUnsupported"],
  ] as const) {
    assert.deepEqual(judge(facts({ state })), { look: "stale", reason, at: now - 200, of: "picture" });
  }
  assert.deepEqual(judge(facts({ state: "frozen", since: now - 60_000 })), { look: "frozen", reason: "cameraFrozen", at: now - 60_000, of: "frozenSince" });
  assert.deepEqual(judge(facts({ state: "unreachable", showing: "nothing", pictureAt: undefined, lastFrame: now - 9 })), {
    look: "stale", reason: "cameraUnreachable", at: now - 9, of: "lastFrame",
  });
});

test("a single picture is never live", () => {
  assert.equal(judge(facts({ showing: "still" })).look, "still");
  assert.equal(judge(facts({ showing: "still", pictureAt: now - stillWithin - 1 })).look, "stale");
  assert.equal(judge(facts({ showing: "still", pictureAt: undefined })).look, "stale", "nobody knows of when it is");
  assert.deepEqual(judge(facts({ showing: "still", refused: "H265" })).reason, "cameraH265");
  assert.deepEqual(judge(facts({ showing: "nothing", pictureAt: undefined, refused: "H265" })), { look: "stale", reason: "cameraH265" });
  assert.equal(judge(facts({ showing: "nothing", refused: "AV1" })).reason, "cameraCodec");
  assert.equal(judge(facts({ refused: "H265", state: "unreachable" })).reason, "cameraUnreachable", "that it is gone counts for more");
});
