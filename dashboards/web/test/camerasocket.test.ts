import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../shared/camera/protocol";
import { firstRetry, lastRetry, LiveSocket, silence, type Socket } from "../shared/camera/socket";

class FakeSocket implements Socket {
  binaryType = "";
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  closed = false;
  close(): void {
    this.closed = true;
  }
}

/** A live socket on fake sockets and fake time. */
class Bench {
  sockets: FakeSocket[] = [];
  messages: Message[] = [];
  data: ArrayBuffer[] = [];
  links: boolean[] = [];
  time = 0;
  private timers = new Map<number, { at: number; f: () => void }>();
  private nextTimer = 1;
  readonly live = new LiveSocket({
    open: () => {
      const s = new FakeSocket();
      this.sockets.push(s);
      return s;
    },
    onMessage: (m) => this.messages.push(m),
    onData: (d) => this.data.push(d),
    onLink: (up) => this.links.push(up),
    setTimeout: (f, ms) => {
      this.timers.set(this.nextTimer, { at: this.time + ms, f });
      return this.nextTimer++;
    },
    clearTimeout: (timer) => void this.timers.delete(timer),
    random: () => 0.5, // no jitter
  });

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  say(message: object): void {
    this.socket.onmessage?.({ data: JSON.stringify(message) });
  }

  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(([, t]) => t.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.time = due[1].at;
      due[1].f();
    }
    this.time = end;
  }
}

test("text is told from pictures", () => {
  const b = new Bench();
  b.live.start();
  assert.equal(b.socket.binaryType, "arraybuffer");
  b.socket.onopen?.();
  b.say({ type: "state", state: "online" });
  b.say({ type: "of tomorrow" });
  b.socket.onmessage?.({ data: new ArrayBuffer(3) });
  assert.equal(b.messages.length, 1);
  assert.equal(b.data.length, 1);
  assert.deepEqual(b.links, [true]);
});

test("it comes back, ever later, until pictures come", () => {
  const b = new Bench();
  b.live.start();
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    const before = b.time;
    const count = b.sockets.length;
    b.socket.onclose?.();
    while (b.sockets.length === count) b.pass(50);
    waits.push(b.time - before);
  }
  assert.ok(waits[0]! <= firstRetry + 50 && waits.every((w, i) => i === 0 || w >= waits[i - 1]!), waits.join());
  assert.ok(waits.at(-1)! >= lastRetry && waits.at(-1)! <= lastRetry + 50, waits.join());
  b.live.well();
  b.socket.onclose?.();
  const count = b.sockets.length;
  b.pass(firstRetry + 50);
  assert.equal(b.sockets.length, count + 1);
});

test("a server that says nothing is gone, whatever the camera's state", () => {
  for (const state of ["online", "unreachable", "idle"]) {
    const b = new Bench();
    b.live.start();
    b.say({ type: "state", state });
    for (let i = 0; i < 10; i++) {
      b.pass(silence - 1);
      b.say({ type: "alive" });
    }
    assert.equal(b.socket.closed, false);
    b.pass(silence - 1);
    assert.deepEqual(b.links, []);
    b.pass(2);
    assert.equal(b.sockets[0]!.closed, true);
    assert.deepEqual(b.links, [false]);
    b.pass(firstRetry);
    assert.equal(b.sockets.length, 2);
  }
});

test("a server that never answers is given up as soon", () => {
  const b = new Bench();
  b.live.start();
  b.pass(silence + 1);
  assert.deepEqual(b.links, [false]);
});

test("what is stopped stays so", () => {
  const b = new Bench();
  b.live.start();
  const first = b.socket;
  b.live.stop();
  assert.equal(first.closed, true);
  first.onclose?.();
  b.live.again();
  b.pass(10 * lastRetry);
  assert.equal(b.sockets.length, 1);
  b.live.start();
  assert.equal(b.sockets.length, 2);
});

test("a stream that cannot be played is asked for again, in a while", () => {
  const b = new Bench();
  b.live.start();
  b.live.again();
  assert.equal(b.socket.closed, true);
  assert.equal(b.sockets.length, 1);
  b.pass(firstRetry);
  assert.equal(b.sockets.length, 2);
});
