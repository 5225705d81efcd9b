// A small chart of one value: its curve, its bounds, and axes that say so.

import type { JSX } from "preact";
import { number } from "./format";
import { lang, times } from "./live";
import { columns, range, ticks } from "./series";
import type { Level, Reading } from "./wire";

export interface TrendLine {
  bound: number;
  level: Level;
  label: string;
}

export interface TrendProps {
  points: readonly Reading[];
  /** Seconds between two readings: more than a few is a gap. */
  expected: number;
  /** In ms. */
  from: number;
  to: number;
  lines: readonly TrendLine[];
  decimals: number;
  label: string;
}

/** How high the drawing is in its own units, and how wide. */
const size = 1000;

/** Draws readings between two times. Nothing is drawn where nothing was measured. */
export function Trend(props: TrendProps): JSX.Element {
  const { from, to, lines, decimals } = props;
  const [xs, ys] = columns(props.points.filter((p) => Date.parse(p.time) >= from), props.expected);
  const [low, high] = range(ys, lines.map((l) => l.bound));
  const x = (ms: number): number => ((ms - from) / (to - from)) * size;
  const y = (v: number): number => (1 - (v - low) / (high - low)) * size;
  const drawn = lines.filter((l) => l.bound >= low && l.bound <= high);
  const l = lang.value;
  return (
    <div class="trend" role="img" aria-label={props.label}>
      <div class="drawing">
        <svg viewBox={`0 0 ${size} ${size}`} preserveAspectRatio="none" aria-hidden="true">
          {drawn.map((line) => (
            <line key={line.label} class={`bound level-${line.level}`} x1="0" x2={size} y1={y(line.bound)} y2={y(line.bound)} />
          ))}
          <path class="curve" d={curve(xs, ys, x, y)} />
        </svg>
        <div class="y">
          {ticks(low, high, decimals).map((v) => (
            <span key={v} style={{ top: `${y(v) / (size / 100)}%` }}>
              {number(l, v, decimals === 0 ? 0 : Math.min(decimals, high - low < 1 ? 2 : 1))}
            </span>
          ))}
        </div>
        <div class="names">
          {[...drawn].sort((a, b) => b.bound - a.bound).map((line, i) => (
            <span key={line.label} class={`level-${line.level}`} style={{ top: `max(${y(line.bound) / (size / 100)}%, ${i * 1.25}rem)` }}>
              {line.label}
            </span>
          ))}
        </div>
        <div class="x">
          {[from, (from + to) / 2, to].map((ms) => (
            <span key={ms}>{times.value.short(l, ms)}</span>
          ))}
        </div>
      </div>
    </div>
  );
}

function curve(xs: readonly number[], ys: readonly (number | null)[], x: (ms: number) => number, y: (v: number) => number): string {
  let d = "";
  let pen = "M";
  xs.forEach((s, i) => {
    const v = ys[i];
    if (v === null || v === undefined) {
      pen = "M";
      return;
    }
    d += `${pen}${x(s * 1000).toFixed(1)} ${y(v).toFixed(1)}`;
    pen = "L";
  });
  return d;
}
