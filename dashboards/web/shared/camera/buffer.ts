// The buffer that the browser plays from: fed in order, kept short.

import { decodeTime, isKey, timescale } from "./fragment";
import type { Ranges } from "./edge";

/** What of SourceBuffer is used. */
export interface Buffer {
  readonly updating: boolean;
  readonly buffered: { readonly length: number; start(i: number): number; end(i: number): number };
  appendBuffer(data: ArrayBuffer | Uint8Array<ArrayBuffer>): void;
  remove(from: number, to: number): void;
  abort(): void;
  changeType(mime: string): void;
}

/** What lies further back than this before the picture, in seconds, goes; in pieces of at least half of it. */
const keepBehind = 4;
/** More than this waiting, in bytes, and the browser is not keeping up. */
const mostWaiting = 6 << 20;

/** A new stream: what was before it does not belong to it. */
interface Begin {
  mime: string;
  init: ArrayBuffer;
}

export interface KeeperOptions {
  /** Where the picture is, in seconds. */
  at: () => number;
  /** Called before frames are added: the moment at which the least is ahead. */
  onBefore: (ranges: Ranges) => void;
  /** Called when frames were added. */
  onAfter: (ranges: Ranges) => void;
  /** The buffer can no longer be used. */
  onFault: (reason: unknown) => void;
}

/**
 * Keeper adds fragments to a buffer one after the other, and several at once
 * when they come faster than the browser takes them. It removes what was
 * shown, and whole groups of pictures only: without the key frame it depends
 * on, the browser would throw away the picture that is being shown as well.
 */
export class Keeper {
  private begin: Begin | undefined;
  private waiting: ArrayBuffer[] = [];
  private bytes = 0;
  private mime: string;
  private hevc = false;
  private scale = 90_000;
  /** Where key frames lie, in seconds. */
  private keys: number[] = [];
  /** Until a key frame comes nothing can be shown. */
  private needsKey = true;
  /** What has to be removed before anything else. */
  private removal: [number, number] | undefined;

  constructor(
    private readonly buffer: Buffer,
    mime: string,
    private readonly options: KeeperOptions,
  ) {
    this.mime = mime;
  }

  /** Begins a stream, the first one too. What still waits of the one before is dropped. */
  start(mime: string, init: ArrayBuffer): void {
    this.begin = { mime, init };
    this.hevc = /hvc1|hev1/.test(mime);
    this.scale = timescale(init) ?? this.scale;
    this.keys = [];
    this.drop();
    this.flush();
  }

  add(fragment: ArrayBuffer): void {
    const key = isKey(fragment, this.hevc);
    if (this.needsKey && !key) return;
    if (this.bytes + fragment.byteLength > mostWaiting) {
      this.drop();
      if (!key) return;
    }
    this.needsKey = false;
    if (key) this.noteKey(fragment);
    this.waiting.push(fragment);
    this.bytes += fragment.byteLength;
    this.flush();
  }

  /** To be called whenever the buffer has become free. */
  free(): void {
    this.flush();
  }

  ranges(): Ranges {
    const { buffered } = this.buffer;
    return Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)] as const);
  }

  private drop(): void {
    this.waiting = [];
    this.bytes = 0;
    this.needsKey = true;
  }

  private noteKey(fragment: ArrayBuffer): void {
    const time = decodeTime(fragment);
    if (time !== undefined) this.keys.push(time / this.scale);
  }

  private flush(): void {
    if (this.buffer.updating) return;
    try {
      if (this.begin) this.restart(this.begin);
      else if (this.removal) this.remove();
      else if (this.waiting.length > 0) this.append();
      else this.rest();
    } catch (error) {
      this.options.onFault(error);
    }
  }

  /** Empties the buffer, and then adds the new stream's init segment. */
  private restart({ mime, init }: Begin): void {
    const end = this.ranges().at(-1)?.[1];
    if (end !== undefined) {
      this.buffer.abort();
      this.buffer.remove(0, end + 1);
      return;
    }
    if (mime !== this.mime) this.buffer.changeType(mime);
    this.mime = mime;
    this.begin = undefined;
    this.removal = undefined;
    this.buffer.appendBuffer(init);
  }

  private append(): void {
    this.options.onBefore(this.ranges());
    try {
      this.buffer.appendBuffer(joined(this.waiting, this.bytes));
    } catch (error) {
      if (!isFull(error)) throw error;
      this.makeRoom(error);
      return;
    }
    this.waiting = [];
    this.bytes = 0;
  }

  /** Nothing waits: time to look back. */
  private rest(): void {
    const ranges = this.ranges();
    if (ranges.length === 0) return;
    this.options.onAfter(ranges);
    if (this.buffer.updating) return;
    const first = ranges[0]![0];
    const to = this.lastKey(this.options.at() - keepBehind);
    if (to !== undefined && to - first > keepBehind / 2) this.discard(first, to);
  }

  private lastKey(before: number): number | undefined {
    return this.keys.filter((k) => k <= before).at(-1);
  }

  private discard(from: number, to: number): void {
    this.keys = this.keys.filter((k) => k >= to);
    this.removal = [from, to];
    this.remove();
  }

  private remove(): void {
    const [from, to] = this.removal!;
    this.removal = undefined;
    if (to > from) this.buffer.remove(from, to);
  }

  /** The buffer is full: all before the picture's own group goes, or, where that is nothing, everything. */
  private makeRoom(error: unknown): void {
    const ranges = this.ranges();
    const first = ranges[0]?.[0];
    if (first === undefined) throw error; // full and empty: no room for this stream at all
    const to = this.lastKey(this.options.at());
    if (to !== undefined && to - first > 0.1) {
      this.discard(first, to);
      return;
    }
    this.drop();
    this.keys = [];
    this.removal = [0, ranges.at(-1)![1] + 1];
    this.remove();
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && error.name === "QuotaExceededError";
}

function joined(parts: readonly ArrayBuffer[], bytes: number): ArrayBuffer | Uint8Array<ArrayBuffer> {
  if (parts.length === 1) return parts[0]!;
  const out = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    out.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return out;
}
