// One uPlot chart of one value over the last hours.

import uPlot from "uplot";
import { number, type Times } from "./format";
import { columns, range } from "./series";
import type { Level, Reading } from "./wire";
import type { Lang } from "./words";
import { levelColors, token } from "./theme";

export interface Line {
  bound: number;
  label: string;
  level: Level;
}

export interface ChartOptions {
  lang: Lang;
  times: Times;
  timeZone: string;
  unit: string;
  decimals: number;
  lines: Line[];
}

/** A chart in an element. It is made anew when anything but its readings changes. */
export class Chart {
  private readonly plot: uPlot;
  private readonly observer: ResizeObserver;
  private from = 0;
  private to = 1;

  constructor(
    private readonly element: HTMLElement,
    private readonly options: ChartOptions,
  ) {
    this.plot = new uPlot(this.build(), [[], []], element);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(element);
  }

  /** Shows readings between two times, in ms; expected is the seconds between two. */
  show(readings: readonly Reading[], expected: number, from: number, to: number): void {
    this.from = from / 1000;
    this.to = to / 1000;
    this.plot.setData(columns(readings, expected), true);
  }

  close(): void {
    this.observer.disconnect();
    this.plot.destroy();
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width > 0 && height > 0) this.plot.setSize({ width, height });
  }

  /** The size of 1rem: axes grow with the screen. */
  private rem(): number {
    return parseFloat(getComputedStyle(document.documentElement).fontSize);
  }

  private build(): uPlot.Options {
    const { lang, times, timeZone, unit, decimals, lines } = this.options;
    const rem = this.rem();
    const font = `${rem * 0.95}px 'Be Vietnam Pro', sans-serif`;
    const grid = token("chart-grid");
    const ink = token("chart-line");
    const axis: uPlot.Axis = { stroke: token("chart-axis"), font, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: rem * 0.4 } };
    return {
      width: Math.max(this.element.clientWidth, 1),
      height: Math.max(this.element.clientHeight, 1),
      legend: { show: false },
      cursor: { y: false, points: { size: rem * 0.6 } },
      padding: [rem * 0.7, rem * (lines.length > 0 ? 6.6 : 0.8), 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone),
      scales: {
        x: { time: true, range: () => [this.from, this.to] },
        y: { range: (self) => range(self.data[1] as (number | null)[], lines.map((l) => l.bound)) },
      },
      axes: [
        { ...axis, size: rem * 2, gap: rem * 0.3, space: rem * 5, values: (_, ticks) => ticks.map((s) => times.short(lang, s * 1000)) },
        {
          ...axis,
          size: rem * 4.6,
          gap: rem * 0.3,
          space: rem * 2.4,
          label: unit,
          labelFont: font,
          labelSize: unit ? rem * 1.5 : 0,
          values: (_, ticks) => ticks.map((v) => number(lang, v, this.tickDecimals(ticks, decimals))),
        },
      ],
      series: [
        {},
        { stroke: ink, width: Math.max(2, rem * 0.14), spanGaps: false, points: { show: (self) => self.data[0].length < 60, size: rem * 0.45, fill: ink } },
      ],
      // Before the series: the curve runs over the lines and their names.
      hooks: { drawAxes: [(self) => drawLines(self, lines, font, rem)] },
    };
  }

  /** Enough decimals to tell two ticks apart, and no more than the value has. */
  private tickDecimals(ticks: number[], most: number): number {
    const step = ticks.length > 1 ? Math.abs(ticks[1]! - ticks[0]!) : 1;
    const needed = step >= 1 ? 0 : Math.ceil(-Math.log10(step) - 1e-9);
    return Math.min(Math.max(needed, 0), Math.max(most, needed > 3 ? 3 : needed));
  }
}

/** Draws the bounds as dashed lines in their levels' colours, named beside the plot, where no curve runs. */
function drawLines(self: uPlot, lines: readonly Line[], font: string, rem: number): void {
  const { ctx, bbox } = self;
  const right = bbox.left + bbox.width;
  const px = rem * devicePixelRatio;
  ctx.save();
  ctx.font = font.replace(/^([\d.]+)/, (size) => String(parseFloat(size) * devicePixelRatio));
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.lineWidth = Math.max(1.5 * devicePixelRatio, px * 0.1);
  ctx.setLineDash([px * 0.5, px * 0.35]);
  for (const line of lines) {
    const y = self.valToPos(line.bound, "y", true);
    if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) continue;
    ctx.strokeStyle = ctx.fillStyle = levelColors(line.level).line;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(right, y);
    ctx.stroke();
    ctx.fillText(line.label, right + px * 0.4, y);
  }
  ctx.restore();
}
