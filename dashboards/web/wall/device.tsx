// The chosen device: what it last measured, and the chart of its last hours.

import { computed, signal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { get } from "../shared/api";
import { duration, number, unit } from "../shared/format";
import { freshnessAt } from "../shared/freshness";
import { fitting, split } from "../shared/series";
import { textValue } from "../shared/words";
import type { Device, Reading, Readings, ValueProperties } from "../shared/wire";
import { Chart, type Line } from "../shared/chart";
import { DeviceMark } from "../shared/marks";
import { Ago } from "../shared/ago";
import { alerts, classes, devices, lang, now, phase, province, t, times, zoneName } from "../shared/live";
import { chooseDevice, chosen, unpin } from "./state";

/** The spans that can be chosen, in ms. */
const spans = [5 * 60_000, 30 * 60_000, 3 * 3_600_000, 24 * 3_600_000];
/** What is asked for where nobody has chosen. */
const usual = spans[2]!;
const chosenSpan = signal<number | undefined>(undefined);

export const device = computed(() => (chosen.value ? devices.value.get(chosen.value.device) : undefined));

/** The value that is charted: the one asked for, else the first that is a number. */
const charted = computed<ValueProperties | undefined>(() => {
  const values = device.value?.properties.values ?? [];
  return values.find((v) => v.value === chosen.value?.value) ?? values.find((v) => v.number !== undefined) ?? values[0];
});

export function DevicePanel(): JSX.Element {
  const d = device.value;
  return (
    <section class="device" aria-label={t("chart")}>
      {d ? <Chosen device={d} /> : <p class="nothing muted">{t("chartNone")}</p>}
    </section>
  );
}

function Chosen(props: { device: Device }): JSX.Element {
  const p = props.device.properties;
  const look = freshnessAt(props.device, now.value ?? 0);
  return (
    <>
      <header>
        <DeviceMark look={look} />
        <h2>{p.name}</h2>
        <span class="muted">
          {classes.value.get(p.class)?.name[lang.value] ?? p.class} · {zoneName(p.zone)}
        </span>
        <button type="button" class="plain" onClick={() => unpin()}>
          {t("unpin")}
        </button>
      </header>
      <div class="measures">
        <p class={`heard ${look}`}>
          {t(look === "fresh" ? "freshOne" : look === "late" ? "lateOne" : look === "silent" ? "silentOne" : "neverOne")}
          {p.heard && (
            <>
              {" · "}
              {t("lastReading")} {times.value.long(lang.value, Date.parse(p.heard))} (<Ago ms={Date.parse(p.heard)} />)
            </>
          )}
        </p>
        <Spans />
      </div>
      <div class="measures">
        <Values values={p.values} look={look} device={p.id} />
        <Missing />
      </div>
      <ChartPanel />
    </>
  );
}

function Values(props: { values: ValueProperties[]; look: string; device: string }): JSX.Element {
  const l = lang.value;
  return (
    <ul class={`values ${props.look}`}>
      {props.values.map((v) => (
        <li key={v.value}>
          <button type="button" aria-pressed={charted.value?.value === v.value} onClick={() => chooseDevice(props.device, v.value)}>
            <span class="label">{v.label?.[l] ?? v.value}</span>
            <span class="value">
              {v.number !== undefined ? number(l, v.number, v.decimals) : textValue(l, v.text ?? "")}
              <small> {unit(l, v.unit)}</small>
            </span>
            <Ago ms={Date.parse(v.time)} />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What the chart knows of the past: of which device and value, and how the asking went. */
interface Past {
  key: string;
  state: "loading" | "failed" | "here";
  every: number;
  points: Reading[];
  /** How much of it fits, in ms. */
  span: number;
  /** The last point is a reading that the stream has brought. */
  appended?: boolean;
}
const past = signal<Past>({ key: "", state: "loading", every: 0, points: [], span: usual });

/** The span that is shown: the chosen one, or the one that fits. */
const span = computed(() => chosenSpan.value ?? past.value.span);

/** How often the past is asked for again, in ms; in between, the stream's readings are appended. */
const askAgain = 60_000;

function ChartPanel(): JSX.Element {
  const value = charted.value;
  const id = device.value?.id;
  const key = id && value && value.number !== undefined ? `${id}/${value.value}/${chosenSpan.value ?? ""}` : "";
  const alive = phase.value === "live";
  useEffect(() => {
    if (!key || !id || !value || !alive) return;
    const abort = new AbortController();
    const load = (): void => void ask(key, id, value.value, abort.signal);
    if (past.peek().key !== key) past.value = { key, state: "loading", every: 0, points: [], span: usual };
    load();
    const timer = window.setInterval(load, askAgain);
    return () => {
      abort.abort();
      window.clearInterval(timer);
    };
  }, [key, alive]);
  return (
    <div class="chart">
      {value && value.number === undefined ? <p class="nothing muted">{t("chartText")}</p> : <Plot />}
    </div>
  );
}

function Spans(): JSX.Element {
  return (
    <div class="spans" role="group" aria-label={t("span")}>
      {spans.map((s) => (
        <button key={s} type="button" class="plain" aria-pressed={span.value === s} onClick={() => (chosenSpan.value = s)}>
          {duration(lang.value, s)}
        </button>
      ))}
    </div>
  );
}

async function ask(key: string, id: string, value: string, signal: AbortSignal): Promise<void> {
  const read = (ms: number): Promise<Readings> => {
    const query = new URLSearchParams({ value, from: `-${ms / 1000}s` });
    return get<Readings>(`devices/${encodeURIComponent(id)}/readings?${query}`, signal);
  };
  const wanted = chosenSpan.peek();
  try {
    let answer = await read(wanted ?? usual);
    const period = devices.peek().get(id)?.properties.period ?? 0;
    const fit = wanted ?? fitting(spans.filter((s) => s <= usual), answer.points, period, Date.parse(answer.time));
    // What has just begun is read again, as finely as its few minutes deserve.
    if (wanted === undefined && fit < usual && answer.every > 0) answer = await read(fit);
    past.value = { key, state: "here", every: answer.every, points: answer.points, span: fit };
  } catch {
    if (!signal.aborted) past.value = { key, state: "failed", every: 0, points: [], span: wanted ?? usual };
  }
}

/** The bounds of the charted value: the station's own table, and those that its open alerts rest on. */
function bounds(): { lines: Line[]; missing: string[] } {
  const d = device.value;
  const value = charted.value;
  if (!d || !value) return { lines: [], missing: [] };
  const { drawn, missing } = split(d.properties.bounds?.[value.value] ?? []);
  const name = (n: number): string => t("alarmLevel", { n });
  const lines = drawn.map(({ level, bound }) => ({ level, bound, label: `${name(level)}: ${number(lang.value, bound, value.decimals)}` }));
  for (const a of alerts.value) {
    for (const e of a.properties.evidence) {
      const drawnAlready = lines.some((line) => line.bound === e.bound);
      if (e.device !== d.id || e.value !== value.value || e.bound === undefined || drawnAlready) continue;
      const level = a.properties.level;
      lines.push({ level, bound: e.bound, label: `${t("level", { n: level })}: ${number(lang.value, e.bound, value.decimals)}` });
    }
  }
  return { lines, missing: missing.map(name) };
}

function Missing(): JSX.Element | null {
  const { missing } = bounds();
  if (missing.length === 0) return null;
  return (
    <span class="missing">
      {missing.join(", ")}: {t("notConfigured")}
    </span>
  );
}

/** The readings of the past, followed by those the stream has brought since. */
function withNewest(p: Past, value: ValueProperties): Reading[] {
  const last = p.points.at(-1);
  if (p.state !== "here" || value.number === undefined) return p.points;
  // An interval holds what was measured until its end.
  const known = last ? Date.parse(last.time) + (p.appended ? 0 : p.every * 1000) : 0;
  if (known >= Date.parse(value.time)) return p.points;
  p.appended = true;
  return (p.points = [...p.points, { time: value.time, value: value.number }]);
}

function Plot(): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<{ key: string; chart: Chart } | undefined>(undefined);
  useSignalEffect(() => {
    const value = charted.value;
    const d = device.value;
    const p = past.value;
    const end = now.value;
    if (!box.current || !value || !d || end === undefined) return;
    const { lines } = bounds();
    const options = {
      lang: lang.value,
      times: times.value,
      timeZone: province.value?.time_zone ?? "Asia/Ho_Chi_Minh",
      unit: unit(lang.value, value.unit),
      decimals: value.decimals,
      lines,
    };
    const key = JSON.stringify([d.id, value.value, options.lang, options.timeZone, lines]);
    if (chart.current?.key !== key) {
      chart.current?.chart.close();
      chart.current = { key, chart: new Chart(box.current, options) };
    }
    chart.current.chart.show(withNewest(p, value), p.every || d.properties.period, end - span.value, end);
  });
  useEffect(() => () => chart.current?.chart.close(), []);
  const p = past.value;
  const value = charted.value;
  const label = value && device.value
    ? t("chartOf", { value: value.label?.[lang.value] ?? value.value, device: device.value.properties.name, unit: unit(lang.value, value.unit) })
    : t("chart");
  return (
    <div class="plot" role="img" aria-label={label}>
      <div class="canvas" ref={box} />
      {p.state === "loading" && <p class="over muted">{t("chartLoading")}</p>}
      {p.state === "failed" && <p class="over warn">{t("chartFailed")}</p>}
      {p.state === "here" && p.points.length === 0 && <p class="over muted">{t("chartEmpty", { span: duration(lang.value, span.value) })}</p>}
    </div>
  );
}
