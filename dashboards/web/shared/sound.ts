// The sound of alerts, by level: each has its own number of beats and its own
// pitch, so that ears know it across the room. Nothing is played from files.

import type { Level } from "./wire";

/** One tone: its pitch and where it ends, in Hz, and when it begins and how long it lasts, in s. */
interface Tone {
  from: number;
  to: number;
  at: number;
  for: number;
}

/** As many beats as the level has; the higher, the faster and the harsher. */
const patterns: Record<Level, { tones: Tone[]; wave: OscillatorType; volume: number; every: number }> = {
  1: { wave: "sine", volume: 0.25, every: 30, tones: beats(1, 0.4, 0.3, 523) },
  2: { wave: "sine", volume: 0.3, every: 20, tones: beats(2, 0.4, 0.25, 587) },
  3: { wave: "triangle", volume: 0.4, every: 12, tones: beats(3, 0.3, 0.2, 698) },
  4: { wave: "square", volume: 0.22, every: 8, tones: beats(4, 0.25, 0.18, 880, 660) },
  5: { wave: "sawtooth", volume: 0.25, every: 5, tones: Array.from({ length: 5 }, (_, i) => ({ from: 500, to: 1100, at: i * 0.5, for: 0.42 })) },
};

function beats(count: number, apart: number, long: number, ...pitches: number[]): Tone[] {
  return Array.from({ length: count }, (_, i) => {
    const pitch = pitches[i % pitches.length]!;
    return { from: pitch, to: pitch, at: i * apart, for: long };
  });
}

/** After how many seconds a level's sound is repeated while nobody has seen the alert. */
export function repeatAfter(level: Level): number {
  return patterns[level].every;
}

export type SoundState =
  /** It can be heard. */
  | "on"
  /** The browser plays nothing before somebody has touched the page. */
  | "blocked"
  /** This machine has no sound. */
  | "none";

/** The loudspeaker of one page. */
export class Siren {
  private context: AudioContext | undefined;
  private ends: OscillatorNode[] = [];

  constructor(private readonly onState: (state: SoundState) => void) {
    try {
      this.context = new AudioContext();
      this.context.onstatechange = () => this.tell();
    } catch {
      this.context = undefined;
    }
    this.tell();
  }

  /** Tries to be heard; to be called when somebody touches the page, and before each sound. */
  async wake(): Promise<void> {
    try {
      if (this.context?.state !== "running") await Promise.race([this.context?.resume(), new Promise((done) => setTimeout(done, 300))]);
    } catch {
      // The state says it.
    }
    this.tell();
  }

  /** Plays a level's sound once; false if nobody can hear it. */
  async play(level: Level): Promise<boolean> {
    await this.wake();
    const context = this.context;
    if (context?.state !== "running") return false;
    this.hush();
    const { tones, wave, volume } = patterns[level];
    for (const tone of tones) this.sound(context, tone, wave, volume);
    return true;
  }

  private sound(context: AudioContext, tone: Tone, wave: OscillatorType, volume: number): void {
    const begin = context.currentTime + 0.02 + tone.at;
    const end = begin + tone.for;
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.type = wave;
    oscillator.frequency.setValueAtTime(tone.from, begin);
    oscillator.frequency.linearRampToValueAtTime(tone.to, end);
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(volume, begin + 0.015); // no click
    gain.gain.setValueAtTime(volume, end - 0.03);
    gain.gain.linearRampToValueAtTime(0, end);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(begin);
    oscillator.stop(end);
    oscillator.onended = () => {
      gain.disconnect();
      this.ends = this.ends.filter((o) => o !== oscillator);
    };
    this.ends.push(oscillator);
  }

  /** Ends what sounds now. */
  hush(): void {
    for (const oscillator of this.ends) oscillator.stop();
    this.ends = [];
  }

  private tell(): void {
    this.onState(!this.context ? "none" : this.context.state === "running" ? "on" : "blocked");
  }
}
