// One <video> that plays a live stream of fragments.

import { Keeper } from "./buffer";
import { Edge, type Ranges } from "./edge";

type MediaSourceClass = typeof MediaSource;

/** The browser's MediaSource; phones may have only the managed one. */
function mediaSource(): MediaSourceClass | undefined {
  const all = globalThis as { MediaSource?: MediaSourceClass; ManagedMediaSource?: MediaSourceClass };
  return all.MediaSource ?? all.ManagedMediaSource;
}

/** Whether this browser plays live streams at all, and whether it plays such a one. */
export function canPlay(mime?: string): boolean {
  const source = mediaSource();
  return source !== undefined && (mime === undefined || source.isTypeSupported(mime));
}

/** Player plays into a <video> from its first stream until it is closed. */
export class Player {
  private readonly source: MediaSource;
  private readonly url: string;
  private readonly edge = new Edge();
  private readonly end = new AbortController();
  private keeper: Keeper | undefined;
  private pending: ArrayBuffer[] = [];
  private first: { mime: string; init: ArrayBuffer } | undefined;

  /** @param onFault is called once, when the stream can no longer be played */
  constructor(
    private readonly video: HTMLVideoElement,
    private readonly onFault: (reason: unknown) => void,
  ) {
    const Source = mediaSource();
    if (!Source) throw new Error("this browser plays no streams");
    this.source = new Source();
    this.url = URL.createObjectURL(this.source);
    const { signal } = this.end;
    this.source.addEventListener("sourceopen", () => this.open(), { once: true, signal });
    video.addEventListener("error", () => this.fault(video.error), { signal });
    video.addEventListener("waiting", () => this.edge.dry(performance.now()), { signal });
    video.disableRemotePlayback = true; // the managed source asks for it
    video.src = this.url;
  }

  /** Begins a stream; another one is left. */
  start(mime: string, init: ArrayBuffer): void {
    this.edge.restart();
    if (this.keeper) {
      this.keeper.start(mime, init);
      return;
    }
    this.first = { mime, init };
    this.pending = [];
  }

  add(fragment: ArrayBuffer): void {
    if (this.keeper) this.keeper.add(fragment);
    else this.pending.push(fragment);
  }

  /** Ends it; the last picture stays, if it is asked to, until another player takes the <video>. */
  close(): void {
    this.end.abort();
    this.keeper = undefined;
    this.pending = [];
    URL.revokeObjectURL(this.url);
  }

  private open(): void {
    const { first } = this;
    if (!first) return;
    try {
      const buffer = this.source.addSourceBuffer(first.mime);
      buffer.mode = "segments";
      const { signal } = this.end;
      this.keeper = new Keeper(buffer, first.mime, {
        at: () => this.video.currentTime,
        onBefore: (ranges) => this.steer(ranges),
        onAfter: (ranges) => this.enter(ranges),
        onFault: (reason) => this.fault(reason),
      });
      buffer.addEventListener("updateend", () => this.keeper?.free(), { signal });
      buffer.addEventListener("error", () => this.fault(new Error("the stream cannot be read")), { signal });
      this.keeper.start(first.mime, first.init);
      for (const fragment of this.pending.splice(0)) this.keeper.add(fragment);
    } catch (error) {
      this.fault(error);
    }
  }

  private steer(ranges: Ranges): void {
    const step = this.edge.step(this.video.currentTime, ranges, performance.now());
    if (step.to !== undefined) this.seek(step.to);
    if (this.video.playbackRate !== step.rate) this.video.playbackRate = step.rate;
  }

  /** A stream's first frames are shown at once, wherever its time begins. */
  private enter(ranges: Ranges): void {
    const to = this.edge.enter(this.video.currentTime, ranges);
    if (to !== undefined) this.seek(to);
    if (this.video.paused) this.video.play().catch(() => {}); // its age will tell
  }

  private seek(to: number): void {
    this.video.currentTime = to;
  }

  private fault(reason: unknown): void {
    if (this.end.signal.aborted) return;
    this.close();
    this.onFault(reason);
  }
}
