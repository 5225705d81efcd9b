// The server's clock, as far as this page can know it.

/** How long a best sample counts, in ms. */
const bestFor = 5 * 60_000;

/**
 * ServerClock tells the server's time from the times in its frames and a clock
 * of this machine that only goes forward: setting the machine's own clock, or
 * its being wrong, does not make a number look younger than it is.
 */
export class ServerClock {
  private offset: number | undefined;
  private sampled = 0;

  /** @param mono milliseconds from any beginning, never going back */
  constructor(private readonly mono: () => number) {}

  /** Takes the time of a frame that has just come. */
  sample(serverMs: number): void {
    if (!Number.isFinite(serverMs)) return;
    const now = this.mono();
    const offset = serverMs - now;
    // A frame is always late, never early: the largest offset is the truest.
    if (this.offset === undefined || offset > this.offset || now - this.sampled > bestFor) {
      this.offset = offset;
      this.sampled = now;
    }
  }

  /** The server's time in ms, or undefined before the first frame. */
  now(): number | undefined {
    return this.offset === undefined ? undefined : this.mono() + this.offset;
  }
}
