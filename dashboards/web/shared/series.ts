// What a chart draws: the points of one value, with the gaps where none came.

import type { Bound, Reading } from "./wire";

/** A step longer than this many expected ones is a gap. */
const gapAfter = 2.5;

/** Times in seconds, and values of which null is a gap. */
export type Columns = [number[], (number | null)[]];

/**
 * Turns readings into columns; expected is the number of seconds between two.
 * Between readings that lie too far apart a null is put, so that no line is
 * drawn over what nobody measured.
 */
export function columns(readings: readonly Reading[], expected: number): Columns {
  const x: number[] = [];
  const y: (number | null)[] = [];
  let before: number | undefined;
  for (const r of readings) {
    const at = Date.parse(r.time) / 1000;
    if (before !== undefined && at <= before) continue;
    if (before !== undefined && expected > 0 && at - before > gapAfter * expected) {
      x.push((before + at) / 2);
      y.push(null);
    }
    x.push(at);
    y.push(r.value);
    before = at;
  }
  return [x, y];
}

/**
 * The range of the vertical axis: everything measured, every bound that was
 * reached, and the next one above, so that people see how far it is.
 */
export function range(values: readonly (number | null)[], bounds: readonly number[]): [number, number] {
  const numbers = values.filter((v): v is number => v !== null);
  if (numbers.length === 0) numbers.push(...bounds.slice(0, 1));
  if (numbers.length === 0) return [0, 1];
  let low = Math.min(...numbers);
  let high = Math.max(...numbers);
  const next = bounds.filter((b) => b > high).sort((a, b) => a - b)[0];
  for (const b of bounds) if (b >= low && b <= high) high = Math.max(high, b);
  if (next !== undefined) high = next;
  const reached = bounds.filter((b) => b <= high);
  if (reached.length > 0) low = Math.min(low, ...reached.filter((b) => b >= low - (high - low)));
  const margin = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - margin, high + margin];
}

/** The bounds that begin somewhere, and those of which nobody has said where. */
export function split(bounds: readonly Bound[]): { drawn: { level: Bound["level"]; bound: number }[]; missing: Bound["level"][] } {
  const drawn: { level: Bound["level"]; bound: number }[] = [];
  const missing: Bound["level"][] = [];
  for (const b of bounds) {
    if (b.bound === null) missing.push(b.level);
    else drawn.push({ level: b.level, bound: b.bound });
  }
  return { drawn, missing };
}

/**
 * The shortest of the spans (ascending, in ms) that holds every reading and at
 * least six periods: the hours of a station, and the first minutes of one that
 * has just begun.
 */
export function fitting(spans: readonly number[], readings: readonly Reading[], period: number, now: number): number {
  const first = readings[0];
  const extent = Math.max(first ? now - Date.parse(first.time) : Infinity, 6 * period * 1000);
  return spans.find((span) => span >= extent) ?? spans.at(-1)!;
}

/** Two to four round numbers between two others, no nearer to each other than a value's decimals tell apart. */
export function ticks(low: number, high: number, decimals: number): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [];
  const rough = Math.max(span / 3, 10 ** -decimals);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= rough) ?? rough;
  const out: number[] = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-9; v += step) out.push(Math.round(v / step) * step + 0); // no -0
  return out;
}
