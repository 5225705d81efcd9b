// A week of all points, to be read, printed and taken away.

import type { JSX } from "preact";
import { duration, number, unit } from "../shared/format";
import { lang, times, zoneName } from "../shared/live";
import { addDays, dateOf, momentAt, weekOf } from "../shared/zoned";
import { partText, pointHref, shareText, today, useAsked, zone } from "./state";
import type { FigureReport, PointReport, Report, Share } from "./wire";
import { tt } from "./words";

const askEvery = 300_000;

export function ReportPage(props: { week: string | undefined }): JSX.Element {
  const path = props.week ? `tourism/report?week=${props.week}` : "tourism/report";
  const asked = useAsked<Report>(path, askEvery).value;
  return (
    <main class="report">
      {asked.is === "loading" && <p class="muted">{tt("loading")}</p>}
      {asked.is === "failed" && <p class="warn">{tt("failed", { why: asked.why })}</p>}
      {asked.is === "known" && <Known of={asked.value} />}
    </main>
  );
}

function day(text: string): string {
  return times.value.date(lang.value, Date.parse(text));
}

function clock(text: string): string {
  const at = Date.parse(text);
  return `${times.value.short(lang.value, at)} ${times.value.date(lang.value, at)}`;
}

function Known(props: { of: Report }): JSX.Element {
  const { of } = props;
  const monday = dateOf(zone.value, Date.parse(of.from));
  const next = addDays(monday, 7);
  const last = addDays(monday, 6);
  const csv = `api/v1/tourism/report.csv?week=${of.week}&lang=${lang.value}`;
  return (
    <>
      <header>
        <h2>{tt("reportTitle")}</h2>
        <p>{tt("reportWeek", { week: of.week, from: day(of.from), to: times.value.date(lang.value, momentAt(zone.value, last, "12:00")) })}</p>
        {of.until !== of.to && <p class="warn">{tt("reportGoesOn", { time: clock(of.until) })}</p>}
        <p class="muted">{tt("reportMade", { time: clock(of.time) })}</p>
        <div class="buttons">
          <a class="plain" href={`#/report/${weekOf(addDays(monday, -7))}`}>
            ‹ {tt("weekBefore")}
          </a>
          {next <= today.value && (
            <a class="plain" href={`#/report/${weekOf(next)}`}>
              {tt("weekAfter")} ›
            </a>
          )}
          <button type="button" class="plain" onClick={() => window.print()}>
            {tt("reportPrint")}
          </button>
          <a class="button" href={csv} download>
            {tt("reportCSV")}
          </a>
        </div>
      </header>
      <table>
        <thead>
          <tr>
            {(["point", "colUp", "colUsable", "colOutages", "colActivity", "colBusiest", "colRecorded"] as const).map((c) => (
              <th key={c} scope="col">
                {tt(c)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {of.points.map((p) => (
            <Row key={p.camera} of={p} />
          ))}
        </tbody>
      </table>
      {of.indicators.length > 0 && <Figures all={of.indicators} />}
      <section class="method" aria-label={tt("method")}>
        <h3>{tt("method")}</h3>
        <ul>
          {of.method.map((n) => (
            <li key={n.of}>{n.text[lang.value]}</li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** The indicators, day by day. */
function Figures(props: { all: readonly FigureReport[] }): JSX.Element {
  const noon = (text: string): number => momentAt(zone.value, text, "12:00");
  return (
    <section class="week-figures" aria-label={tt("indicators")}>
      <h3>{tt("indicators")}</h3>
      <p class="muted">{tt("indicatorsHint")}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">{tt("indicator")}</th>
            {props.all[0]!.days.map(({ day: text }) => (
              <th key={text} scope="col" class="number">
                {times.value.weekday(lang.value, noon(text))}
              </th>
            ))}
            <th scope="col" class="number">
              {tt("mean")}
            </th>
            <th scope="col" class="number">
              {tt("meanBefore")}
            </th>
            <th scope="col" class="number">
              {tt("target")}
            </th>
          </tr>
        </thead>
        <tbody>
          {props.all.map((f) => (
            <FigureRow key={f.id} of={f} day={(text) => times.value.weekday(lang.value, noon(text))} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function FigureRow(props: { of: FigureReport; day: (text: string) => string }): JSX.Element {
  const f = props.of;
  const l = lang.value;
  const said = (value: number | null, decimals: number): string => (value === null ? "–" : number(l, value, decimals));
  const u = unit(l, f.unit);
  return (
    <tr>
      <th scope="row">
        {f.name}
        <span class="muted">{`${f.label[l] || f.label.vi}${u ? ` (${u})` : ""} · ${f.owner} · ${f.source}`}</span>
      </th>
      {f.days.map((d) => (
        <td key={d.day} class="number" data-label={props.day(d.day)}>
          {said(d.value, f.decimals)}
        </td>
      ))}
      <td class="number" data-label={tt("mean")}>
        <strong>{said(f.mean, f.decimals)}</strong>
        <span class="muted">{tt("toldDays", { n: f.told })}</span>
      </td>
      <td class="number" data-label={tt("meanBefore")}>
        {said(f.mean_before, f.decimals)}
        {f.mean_before !== null && <span class="muted">{tt("toldDays", { n: f.told_before })}</span>}
      </td>
      <td class="number" data-label={tt("target")}>
        {f.target === undefined ? "–" : `${f.better === "lower" ? "≤" : "≥"} ${number(l, f.target, f.decimals)}`}
        {f.met !== undefined && <span class={f.met ? "met" : "warn"}>{f.met ? `✓ ${tt("met")}` : `✗ ${tt("missed")}`}</span>}
      </td>
    </tr>
  );
}

function Row(props: { of: PointReport }): JSX.Element {
  const p = props.of;
  const l = lang.value;
  const { outages } = p;
  return (
    <tr>
      <th scope="row">
        <a href={pointHref(p.camera)}>{p.name}</a>
        <span class="muted">{zoneName(p.zone)}</span>
      </th>
      <Cell of={p.up} before={p.up_before} label={tt("colUp")} rests="measuredOf" decimals={1} />
      <Cell of={p.usable} before={p.usable_before} label={tt("colUsable")} rests="judgedOf" decimals={1} />
      <td data-label={tt("colOutages")}>
        {p.up.value === null ? (
          tt("unmeasured")
        ) : outages.count === 0 ? (
          tt("outagesNone")
        ) : (
          <>
            {tt("outages", { n: outages.count, total: duration(l, outages.total * 1000) })}
            {outages.at && <span class="muted">{tt("outageLongest", { length: duration(l, outages.longest * 1000), time: clock(outages.at) })}</span>}
          </>
        )}
      </td>
      <Cell of={p.activity} before={p.activity_before} label={tt("colActivity")} rests="judgedOf" decimals={2} />
      <td data-label={tt("colBusiest")}>{p.busiest ? clock(p.busiest.from) : tt("unmeasured")}</td>
      <td data-label={tt("colRecorded")}>{p.recorded === undefined ? tt("notRecorded") : tt("hoursOf", { n: number(l, p.recorded, 1) })}</td>
    </tr>
  );
}

function Cell(props: { of: Share; before: Share; label: string; rests: "measuredOf" | "judgedOf"; decimals: number }): JSX.Element {
  const { of, before, decimals } = props;
  return (
    <td data-label={props.label}>
      <strong>{shareText(of, decimals)}</strong>
      {of.value !== null && <span class="muted">{tt(props.rests, { part: partText(of.measured) })}</span>}
      <span class="muted">{tt("weekAgo", { value: shareText(before, decimals) })}</span>
    </td>
  );
}
