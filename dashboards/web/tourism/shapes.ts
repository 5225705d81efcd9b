// What is drawn, without drawing it.

import type { Span } from "../shared/cameras";

/** A round number above, and how many round steps lead to it. */
export function ceiling(value: number): { top: number; steps: number } {
  if (!(value > 0)) return { top: 0.01, steps: 2 };
  const power = 10 ** Math.floor(Math.log10(value));
  const digit = [1, 2, 3, 5, 10].find((n) => n * power >= value * 0.999) ?? 10;
  return { top: digit * power, steps: { 1: 2, 2: 4, 3: 3, 5: 5, 10: 5 }[digit] ?? 5 };
}

/** Joins hours that follow each other: 7, 8, 15 → 7–9, 15–16. */
export function bestRanges(hours: readonly number[]): { from: number; to: number }[] {
  const out: { from: number; to: number }[] = [];
  for (const hour of hours) {
    const last = out.at(-1);
    if (last?.to === hour) last.to = hour + 1;
    else out.push({ from: hour, to: hour + 1 });
  }
  return out;
}

/** How many pictures a strip holds: one for each half of an hour. */
const most = 48;

/** As many as a strip holds, spread evenly over the day: the newest is always among them. */
export function thinned<T>(all: readonly T[]): T[] {
  if (all.length <= most) return [...all];
  const step = (all.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => all[Math.round(i * step)]!);
}

/** A time that is chosen, in ms. */
export interface Choice {
  from: number;
  to: number;
}

/** What lies between the parts of a choice that are recorded, if it is a second or longer. */
export function holesOf(choice: Choice, recorded: readonly Span[]): Choice[] {
  const holes: Choice[] = [];
  const length = choice.to - choice.from;
  let at = 0;
  for (const span of [...recorded, { from: 1, to: 1 }]) {
    if ((span.from - at) * length >= 1000) holes.push({ from: choice.from + at * length, to: choice.from + span.from * length });
    at = span.to;
  }
  return holes;
}
