// Holding a playing video at the live edge: as near to the newest frame as the
// network's unevenness allows.

/** How the video should go on: at another speed, or elsewhere. */
export interface Step {
  rate: number;
  /** Seconds; set when the video has to jump. */
  to?: number;
}

export type Ranges = readonly (readonly [start: number, end: number])[];

/** The fastest that the video runs after the edge: nobody notices it. */
export const fastest = 1.15;
/** Further behind than this, in seconds, it jumps: while it plays, and at its start, when it has come in one go. */
const tooFar = 1.2;
const tooFarAtStart = 0.3;
/** What should still be ahead when the next frame comes, in seconds: at first, and after having run dry often. */
const firstSlack = 0.04;
const mostSlack = 0.25;
/** So much more than the slack is let be, in seconds: changing the speed all the time would show. */
const calm = 0.03;
/** How long what was ahead is remembered, in ms; and so many samples at least. */
const remembered = 1200;
const fewest = 3;
/** Running dry counts once in so long; and after so long without, less slack is tried. In ms. */
const dryEvery = 1_000;
const relaxAfter = 30_000;

/**
 * Edge decides the speed from how much was still ahead each time new frames
 * came: that is the least there ever is, whatever the frame rate. While the
 * least of the last second is more than the slack, the video runs faster; when
 * it runs dry, which shows how uneven the network is, the slack grows.
 */
export class Edge {
  private samples: { now: number; ahead: number }[] = [];
  private slack = firstSlack;
  private dryAt: number | undefined;
  private rate = 1;
  private starting = true;

  /** Begins anew with another stream; how uneven the network is stays known. */
  restart(): void {
    this.samples = [];
    this.rate = 1;
    this.starting = true;
  }

  /**
   * Says how to go on, just before new frames are added.
   * @param at where the video is, in seconds
   * @param ranges what it has, in order
   * @param now ms of a clock that only goes forward
   */
  step(at: number, ranges: Ranges, now: number): Step {
    const last = ranges.at(-1);
    if (!last) return { rate: this.rate };
    const outside = this.enter(at, ranges);
    if (outside !== undefined) return this.jump(outside);
    const ahead = last[1] - at;
    if (ahead > (this.starting ? tooFarAtStart : tooFar)) return this.jump(this.near(last));
    this.starting = false;
    this.remember(ahead, now);
    this.rate = this.choose(Math.min(...this.samples.map((s) => s.ahead)) - this.slack);
    return { rate: this.rate };
  }

  /** Where to go when the newest range does not hold the place where the video is: only a jump leads there. */
  enter(at: number, ranges: Ranges): number | undefined {
    const last = ranges.at(-1);
    if (!last || (at >= last[0] - 0.001 && at <= last[1] + tooFar)) return undefined;
    return this.near(last);
  }

  /** The video had nothing more to show. */
  dry(now: number): void {
    if (this.dryAt === undefined || now - this.dryAt > dryEvery) this.slack = Math.min(this.slack * 1.5, mostSlack);
    this.dryAt = now;
  }

  private near(last: readonly [number, number]): number {
    return Math.max(last[0], last[1] - this.slack - calm);
  }

  private remember(ahead: number, now: number): void {
    this.samples.push({ now, ahead });
    while (this.samples.length > fewest && now - this.samples[0]!.now > remembered) this.samples.shift();
    this.dryAt ??= now;
    if (now - this.dryAt < relaxAfter) return;
    this.slack = Math.max(this.slack / 1.25, firstSlack);
    this.dryAt = now;
  }

  /** The speed for so many seconds more than needed. */
  private choose(excess: number): number {
    if (excess <= (this.rate > 1 ? calm / 4 : calm)) return 1;
    // In steps of 0.05: each change costs the browser something.
    return Math.min(fastest, 1 + Math.ceil((excess * 0.6 + 0.01) * 20) / 20);
  }

  private jump(to: number): Step {
    this.samples = [];
    this.rate = 1;
    return { rate: 1, to };
  }
}
