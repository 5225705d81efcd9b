// The rivers' panel: each gauge's last two hours under its alarm levels.

import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Ago } from "../shared/ago";
import { get } from "../shared/api";
import { number, unit } from "../shared/format";
import { freshnessAt } from "../shared/freshness";
import { lang, now, phase, sensors, t } from "../shared/live";
import { Trend } from "../shared/trend";
import type { Reading, Readings } from "../shared/wire";
import { inOrder, type Gauge } from "./gauges";
import { say } from "./words";

/** What is drawn of the past, in ms, how often it is asked for, and how high one gauge is at least, in rem. */
const span = 2 * 3_600_000;
const askEvery = 60_000;
const least = 9.5;

const gauges = computed(() => inOrder(sensors.value));
const fits = signal(3);
/** Those that are drawn: the ones with alarm levels come first, and the others only where there are none. */
const drawn = computed(() => {
  const known = gauges.value.filter((g) => g.drawn.length > 0);
  return (known.length > 0 ? known : gauges.value).slice(0, fits.value);
});
const drawnIDs = computed(() => drawn.value.map((g) => g.device.id).sort().join("\n"));
const past = signal<ReadonlyMap<string, Readings>>(new Map());

export function Rivers(): JSX.Element | null {
  const box = useRef<HTMLElement>(null);
  const any = gauges.value.length > 0;
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
      fits.value = Math.max(1, Math.floor((element.clientHeight / rem - 4) / least));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [any]);
  const ids = drawnIDs.value;
  const alive = phase.value === "live";
  useEffect(() => {
    if (!ids || !alive) return;
    const abort = new AbortController();
    const ask = (): void => ids.split("\n").forEach((id) => void askOne(id, abort.signal));
    ask();
    const timer = window.setInterval(ask, askEvery);
    return () => {
      abort.abort();
      window.clearInterval(timer);
    };
  }, [ids, alive]);
  if (!any) return null;
  const rest = gauges.value.filter((g) => g.drawn.length === 0 && !drawn.value.includes(g)).length;
  return (
    <section class="rivers" ref={box} aria-label={say("rivers")}>
      <header>
        <h2>{say("rivers")}</h2>
      </header>
      <div class="gauges">
        {drawn.value.map((g) => (
          <GaugeView key={g.device.id} gauge={g} />
        ))}
      </div>
      {rest > 0 && <p class="muted rest">{say("riversMore", { n: number(lang.value, rest, 0) })}</p>}
    </section>
  );
}

async function askOne(id: string, signal: AbortSignal): Promise<void> {
  try {
    const answer = await get<Readings>(`devices/${encodeURIComponent(id)}/readings?value=water_level&from=-${span / 1000}s`, signal);
    const ids = new Set(drawnIDs.peek().split("\n"));
    // Only what is drawn is kept.
    past.value = new Map([...[...past.peek()].filter(([known]) => ids.has(known)), [id, answer]]);
  } catch {
    // The curve ends where it is known to; the number has its own age.
  }
}

function GaugeView(props: { gauge: Gauge }): JSX.Element {
  const { device, value, drawn: lines, missing } = props.gauge;
  const l = lang.value;
  const at = now.value ?? 0;
  const look = freshnessAt(device, at);
  const known = past.value.get(device.id);
  return (
    <article class={`gauge ${look}`}>
      <header>
        <h3>{device.properties.name}</h3>
        <span class="figure">
          {value?.number === undefined ? "–" : number(l, value.number, value.decimals)}
          <small> {unit(l, value?.unit ?? "m")}</small>
        </span>
      </header>
      <p class="stand">
        {look === "silent" || look === "never" ? <strong class="state no-signal">{t(look === "never" ? "neverOne" : "silentOne")}</strong> : <Stand gauge={props.gauge} />}
      </p>
      <Trend
        points={withNewest(known?.points ?? [], value)}
        expected={known?.every || device.properties.period}
        from={at - span}
        to={at}
        lines={lines.map((b) => ({ ...b, label: `${t("alarmLevel", { n: b.level })} ${number(l, b.bound, 2)}` }))}
        decimals={2}
        label={say("trendOf", { name: device.properties.name })}
      />
      <p class="stand muted missing">
        <span>{missing.length > 0 && say("missing", { levels: missing.map((n) => t("alarmLevel", { n })).join(", ") })}</span>
        {value && <Ago ms={Date.parse(value.time)} />}
      </p>
    </article>
  );
}

/** How it stands against its alarm levels. */
function Stand(props: { gauge: Gauge }): JSX.Element {
  const { reached, next, value, drawn: lines } = props.gauge;
  const l = lang.value;
  const level = value?.number;
  if (level === undefined || lines.length === 0) return <span class="muted">{say("noBounds")}</span>;
  return (
    <span>
      {reached && <b class={`level-${reached.level} over`}>{say("above", { n: reached.level, d: number(l, level - reached.bound, 2) })}</b>}
      {reached && next && " · "}
      {next && say("toNext", { n: next.level, d: number(l, next.bound - level, 2) })}
    </span>
  );
}

/** The points of the past, and the newest reading after them. */
export function withNewest(points: readonly Reading[], newest: { time: string; number?: number } | undefined): readonly Reading[] {
  const last = points.at(-1);
  if (newest?.number === undefined || (last && Date.parse(last.time) >= Date.parse(newest.time))) return points;
  return [...points, { time: newest.time, value: newest.number }];
}
