// A small chart: the last two hours of one sensor, its lowest and highest, and its bounds.

import type { JSX } from "preact";
import { number } from "../shared/format";
import { lang } from "../shared/live";
import { columns, range } from "../shared/series";
import type { Reading } from "../shared/wire";

const width = 300;
const height = 56;

export interface SparkProps {
  points: readonly Reading[];
  /** Seconds between two points. */
  every: number;
  from: number;
  to: number;
  bounds: readonly number[];
  decimals: number;
  label: string;
}

export function Spark(props: SparkProps): JSX.Element {
  const { points, from, to, bounds, decimals } = props;
  const [x, y] = columns(points, props.every);
  const [low, high] = range(y, bounds);
  const px = (s: number): number => ((s * 1000 - from) / (to - from)) * width;
  const py = (v: number): number => height - ((v - low) / (high - low || 1)) * height;
  let path = "";
  let drawing = false;
  x.forEach((s, i) => {
    const v = y[i];
    if (v === null || v === undefined) {
      drawing = false;
      return;
    }
    // A point that stands alone is drawn too.
    path += `${drawing ? "L" : "M"}${px(s).toFixed(1)} ${py(v).toFixed(1)}${drawing ? "" : "h.01"}`;
    drawing = true;
  });
  const values = points.map((p) => p.value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const shown = bounds.filter((b) => b >= low && b <= high);
  return (
    <div class="spark" role="img" aria-label={props.label}>
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {shown.map((b) => (
          <path key={b} class="bound" d={`M0 ${py(b).toFixed(1)}H${width}`} />
        ))}
        <path class="line" d={path} />
      </svg>
      <div class="ends" aria-hidden="true">
        <span>{number(lang.value, most, decimals)}</span>
        {least < most && <span>{number(lang.value, least, decimals)}</span>}
      </div>
    </div>
  );
}
