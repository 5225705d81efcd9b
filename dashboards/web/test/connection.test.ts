import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection, silence, type Phase, type Socket } from "../shared/connection";

/** A world in which time stands still until it is moved. */
class Fake {
  time = 0;
  timers = new Map<number, { at: number; run: () => void }>();
  sockets: (Socket & { query: string; closed: boolean })[] = [];
  phases: Phase[] = [];
  frames: unknown[] = [];
  position = { epoch: "", seq: 0 };
  private id = 0;

  connection = new Connection({
    open: (query) => {
      const socket = { query, closed: false, onmessage: null, onclose: null, close: () => void (socket.closed = true) } as Socket & { query: string; closed: boolean };
      this.sockets.push(socket);
      return socket;
    },
    position: () => this.position,
    onFrame: (f) => void this.frames.push(f),
    onPhase: (p) => void this.phases.push(p),
    setTimeout: (run, ms) => {
      this.timers.set(++this.id, { at: this.time + ms, run });
      return this.id;
    },
    clearTimeout: (id) => void this.timers.delete(id),
    random: () => 0.5,
  });

  get socket(): Socket & { query: string; closed: boolean } {
    return this.sockets.at(-1)!;
  }

  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = [...this.timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!next) break;
      this.timers.delete(next[0]);
      this.time = next[1].at;
      next[1].run();
    }
    this.time = end;
  }

  frame(): void {
    this.socket.onmessage?.({ data: '{"type":"heartbeat","time":"2026-11-22T07:00:00Z","seq":1}' });
  }
}

test("it is live from the first frame, not from the open socket", () => {
  const f = new Fake();
  f.connection.start();
  assert.deepEqual(f.phases, []);
  f.frame();
  f.frame();
  assert.deepEqual(f.phases, ["live"]);
  assert.equal(f.frames.length, 2);
});

test("a closed socket is lost at once, and comes back where it left", () => {
  const f = new Fake();
  f.connection.start();
  assert.equal(f.socket.query, "");
  f.frame();
  f.position = { epoch: "e 1", seq: 7 };
  f.socket.onclose?.({ code: 1006 });
  assert.deepEqual(f.phases, ["live", "lost"]);
  assert.equal(f.sockets.length, 1);
  f.advance(1000);
  assert.equal(f.sockets.length, 2);
  assert.equal(f.socket.query, "?epoch=e%201&since=7");
  assert.deepEqual(f.phases, ["live", "lost"], "an open socket is not yet live");
  f.frame();
  assert.deepEqual(f.phases, ["live", "lost", "live"]);
});

test("a socket that stays open but says nothing is dead", () => {
  const f = new Fake();
  f.connection.start();
  f.frame();
  const first = f.socket;
  f.advance(silence - 1);
  assert.deepEqual(f.phases, ["live"]);
  f.advance(1);
  assert.deepEqual(f.phases, ["live", "lost"]);
  assert.ok(first.closed);
  first.onmessage?.({ data: "{}" });
  assert.equal(f.frames.length, 1, "nothing more is heard of it");
});

test("heartbeats keep it alive", () => {
  const f = new Fake();
  f.connection.start();
  for (let i = 0; i < 20; i++) {
    f.frame();
    f.advance(silence - 1);
  }
  assert.deepEqual(f.phases, ["live"]);
  assert.equal(f.sockets.length, 1);
});

test("tries come apart further, but never far", () => {
  const f = new Fake();
  f.connection.start();
  f.frame();
  const waits: number[] = [];
  for (let i = 0; i < 7; i++) {
    const before = f.time;
    const count = f.sockets.length;
    f.socket.onclose?.({ code: 1006 });
    while (f.sockets.length === count) f.advance(50);
    waits.push(f.time - before);
  }
  assert.deepEqual(waits, [300, 600, 1200, 2400, 4800, 5000, 5000]);
});

test("being too slow is no fault of the server's: it comes back at once", () => {
  const f = new Fake();
  f.connection.start();
  f.frame();
  f.socket.onclose?.({ code: 4008 });
  f.advance(0);
  assert.equal(f.sockets.length, 2);
});

test("before it ever was live, it is connecting, not lost", () => {
  const f = new Fake();
  f.connection.start();
  f.socket.onclose?.({ code: 1006 });
  f.advance(60_000);
  assert.deepEqual(f.phases, []);
  assert.ok(f.sockets.length > 5);
});

test("what is no JSON is passed over, and stop ends it", () => {
  const f = new Fake();
  f.connection.start();
  f.socket.onmessage?.({ data: "<html>" });
  assert.equal(f.frames.length, 0);
  f.connection.stop();
  f.advance(600_000);
  assert.equal(f.sockets.length, 1);
  assert.ok(f.socket.closed);
});

test("hurry connects now, but leaves a socket that is there", () => {
  const f = new Fake();
  f.connection.start();
  f.connection.hurry();
  assert.equal(f.sockets.length, 1);
  f.socket.onclose?.({ code: 1006 });
  f.connection.hurry();
  assert.equal(f.sockets.length, 2);
});

test("a hundred nights without the server, and nobody at the wall: it is live again within seconds of every morning (grafana-kiosk#141)", () => {
  const f = new Fake();
  f.connection.start();
  f.frame();
  const night = 8 * 3_600_000;
  for (let i = 0; i < 100; i++) {
    f.position = { epoch: "e", seq: i };
    for (const end = f.time + night; f.time < end; f.advance(50)) f.socket.onclose?.({ code: i % 2 ? 1006 : 1012 });
    assert.equal(f.phases.at(-1), "lost");
    const open = f.sockets.length;
    f.advance(5_000);
    assert.ok(f.sockets.length > open, "within seconds it tries again");
    assert.equal(f.socket.query, `?epoch=e&since=${i}`);
    f.frame();
    assert.equal(f.phases.at(-1), "live");
    assert.ok(f.timers.size < 5, "what it waits for does not add up");
    f.sockets.splice(0, f.sockets.length - 1);
  }
});
