// One value of a device over any interval.

import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { get } from "../shared/api";
import { Chart, type Line } from "../shared/chart";
import { duration, number, unit } from "../shared/format";
import { lang, now, province, t, times } from "../shared/live";
import { fitting, split } from "../shared/series";
import { theme } from "../shared/theme";
import type { Device, Readings, ValueProperties } from "../shared/wire";
import { moment } from "./hindsight";
import { valueName } from "./names";
import { inputTime, readTime } from "./time";
import { d } from "./words";

type Asked = { state: "loading" } | { state: "failed"; why: string } | { state: "here"; answer: Readings };

/** Spans that end at the time shown, in hours. */
const hours = [1, 6, 24, 168, 720];
/** What is asked for: so many hours, an interval that was typed, or a day and less where less is there. */
const wanted = signal<number | { from: number; to: number } | "fitting">("fitting");

export function History(props: { device: Device; value: ValueProperties }): JSX.Element {
  const { device, value } = props;
  const asked = useSignal<Asked>({ state: "loading" });
  const end = moment.value;
  const fitted = useSignal<number | undefined>(undefined);
  const key = JSON.stringify([device.id, value.value, wanted.value, end]);
  useEffect(() => {
    if (value.number === undefined) return;
    const abort = new AbortController();
    asked.value = { state: "loading" };
    const ask = ({ from, to }: { from: number; to: number }): Promise<Readings> => {
      const query = new URLSearchParams({ value: value.value, from: new Date(from).toISOString(), to: new Date(to).toISOString() });
      return get<Readings>(`devices/${encodeURIComponent(device.id)}/readings?${query}`, abort.signal);
    };
    const fit = async (): Promise<Readings> => {
      const day = bounds(24);
      const answer = await ask(day);
      const least = fitting(hours.slice(0, 3).map((h) => h * hour), answer.points, device.properties.period, day.to);
      fitted.value = least / hour;
      return least < 24 * hour ? ask(bounds(least / hour)) : answer;
    };
    const w = wanted.peek();
    (w === "fitting" ? fit() : ask(typeof w === "number" ? bounds(w) : w))
      .then((answer) => (asked.value = { state: "here", answer }))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) asked.value = { state: "failed", why: error instanceof Error ? error.message : String(error) };
      });
    return () => abort.abort();
  }, [key]);
  if (value.number === undefined) return <p class="muted">{d("historyText")}</p>;
  const a = asked.value;
  return (
    <section class="history">
      <h3>
        {d("history")}: {valueName(value)}
      </h3>
      <Interval shown={typeof wanted.value === "number" ? wanted.value : wanted.value === "fitting" ? fitted.value : undefined} />
      <div class="plot">
        {a.state === "here" && a.answer.points.length > 0 && <Plot device={device} value={value} answer={a.answer} />}
        {a.state === "loading" && <p class="over muted">{d("historyLoading")}</p>}
        {a.state === "failed" && <p class="over warn">{d("historyFailed", { why: a.why })}</p>}
        {a.state === "here" && a.answer.points.length === 0 && <p class="over muted">{d("historyEmpty")}</p>}
      </div>
      {a.state === "here" && a.answer.points.length > 0 && <Statistics device={device} value={value} answer={a.answer} />}
    </section>
  );
}

const hour = 3_600_000;

/** The last so many hours before the moment that is shown. */
function bounds(long: number): { from: number; to: number } {
  const to = moment.peek() ?? now.peek() ?? Date.now();
  return { from: to - long * hour, to };
}

function Interval(props: { shown: number | undefined }): JSX.Element {
  const b = bounds(props.shown ?? 24);
  const from = useSignal(inputTime(times.value, b.from));
  const to = useSignal(inputTime(times.value, b.to));
  const wrong = useSignal(false);
  const apply = (): void => {
    const [a, z] = [readTime(times.value, from.value), readTime(times.value, to.value)];
    wrong.value = a === undefined || z === undefined || a >= z;
    if (wrong.value) return;
    wanted.value = { from: a!, to: z! };
  };
  return (
    <form
      class="interval"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <div class="spans" role="group" aria-label={t("span")}>
        {hours.map((h) => (
          <button
            key={h}
            type="button"
            class="plain"
            aria-pressed={props.shown === h}
            onClick={() => (wanted.value = h)}
          >
            {duration(lang.value, h * hour)}
          </button>
        ))}
      </div>
      <label>
        {d("historyFrom")} <input type="datetime-local" value={from.value} onInput={(e) => (from.value = e.currentTarget.value)} />
      </label>
      <label>
        {d("historyTo")} <input type="datetime-local" value={to.value} onInput={(e) => (to.value = e.currentTarget.value)} />
      </label>
      <button type="submit" class="plain">
        {d("historyApply")}
      </button>
      {wrong.value && (
        <p class="warn" role="alert">
          {d("historyWrong")}
        </p>
      )}
    </form>
  );
}

function Plot(props: { device: Device; value: ValueProperties; answer: Readings }): JSX.Element {
  const { device, value, answer } = props;
  const box = useRef<HTMLDivElement>(null);
  const l = lang.value;
  const [from, to] = [Date.parse(answer.from), Date.parse(answer.to)];
  useEffect(() => {
    if (!box.current) return;
    const { drawn } = split(device.properties.bounds?.[value.value] ?? []);
    const lines: Line[] = drawn.map(({ level, bound }) => ({
      level, bound, label: `${t("alarmLevel", { n: level })}: ${number(l, bound, value.decimals)}`,
    }));
    const chart = new Chart(box.current, {
      lang: l, times: times.value, timeZone: province.value?.time_zone ?? "Asia/Ho_Chi_Minh",
      unit: unit(l, value.unit), decimals: value.decimals, lines,
    });
    chart.show(answer.points, answer.every || device.properties.period, from, to);
    return () => chart.close();
  }, [answer, l, theme.value]);
  const label = d("historyOf", {
    value: valueName(value), device: device.properties.name, from: times.value.since(l, from, to), to: times.value.since(l, to, from),
  });
  return <div class="canvas" role="img" aria-label={label} ref={box} />;
}

function Statistics(props: { device: Device; value: ValueProperties; answer: Readings }): JSX.Element {
  const { value, answer, device } = props;
  const l = lang.value;
  const values = answer.points.map((p) => p.value);
  const show = (n: number): string => number(l, n, value.decimals);
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return (
    <p class="muted stats">
      {d("historyStats", { min: show(Math.min(...values)), mean: show(mean), max: show(Math.max(...values)) })} {unit(l, value.unit)} ·{" "}
      {answer.every > 0 ? d("historyEvery", { span: duration(l, answer.every * 1000) }) : d("historyRaw")}{" "}
      <button type="button" class="plain" onClick={() => save(device, value, answer)}>
        {d("historyCsv")}
      </button>
    </p>
  );
}

/** Offers what is drawn as a file that a spreadsheet reads. */
function save(device: Device, value: ValueProperties, answer: Readings): void {
  const rows = [`time,${value.value}`, ...answer.points.map((p) => `${p.time},${p.value}`)];
  const url = URL.createObjectURL(new Blob([rows.join("\r\n") + "\r\n"], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${device.id}-${value.value}.csv`;
  link.click();
  URL.revokeObjectURL(url);
}
