// A week of all points, to be read, printed and taken away.

import type { JSX } from "preact";
import { duration, number } from "../shared/format";
import { lang, times, zoneName } from "../shared/live";
import { addDays, dateOf, momentAt, weekOf } from "../shared/zoned";
import { partText, pointHref, shareText, today, useAsked, zone } from "./state";
import type { PointReport, Report, Share } from "./wire";
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
