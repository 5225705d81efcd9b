// How busy a point was, hour by hour, and when its view is best.

import type { JSX } from "preact";
import { lang, times } from "../shared/live";
import { momentAt } from "../shared/zoned";
import { bestRanges, ceiling } from "./shapes";
import { partText, percent, shareText, useAsked, zone } from "./state";
import type { Hours, Share } from "./wire";
import { tt } from "./words";

const askEvery = 120_000;

export function HoursPanel(props: { camera: string; day: string }): JSX.Element {
  const asked = useAsked<Hours>(hoursPath(props.camera, props.day), askEvery).value;
  return (
    <section class="panel hours-panel" aria-label={tt("hours")}>
      <h3>{tt("hours")}</h3>
      <p class="muted">{tt("hoursHint")}</p>
      {asked.is === "loading" && <p class="muted">{tt("loading")}</p>}
      {asked.is === "failed" && <p class="warn">{tt("failed", { why: asked.why })}</p>}
      {asked.is === "known" && <Chart of={asked.value} />}
    </section>
  );
}

/** When the view is best, as far as the two weeks up to the day tell. */
export function BestPanel(props: { camera: string; day: string }): JSX.Element {
  const asked = useAsked<Hours>(hoursPath(props.camera, props.day), askEvery).value;
  return (
    <section class="panel best-panel" aria-label={tt("best")}>
      <h3>{tt("best")}</h3>
      {asked.is === "loading" && <p class="muted">{tt("loading")}</p>}
      {asked.is === "failed" && <p class="warn">{tt("failed", { why: asked.why })}</p>}
      {asked.is === "known" && <Best of={asked.value} />}
      <p class="muted">{tt("bestHint")}</p>
    </section>
  );
}

function hoursPath(camera: string, day: string): string {
  return `tourism/points/${encodeURIComponent(camera)}/hours?day=${day}`;
}

/** 22/11 */
function short(day: string): string {
  return times.value.date(lang.value, momentAt(zone.value, day, "12:00"));
}

function Chart(props: { of: Hours }): JSX.Element {
  const { hours, day, before } = props.of;
  const most = Math.max(0, ...hours.flatMap((h) => [h.activity.value ?? 0, h.before.value ?? 0]));
  if (hours.every((h) => h.activity.value === null && h.before.value === null)) return <p class="muted">{tt("hoursNone")}</p>;
  const { top, steps } = ceiling(most);
  const ticks = Array.from({ length: steps + 1 }, (_, i) => (i * top) / steps);
  return (
    <figure class="chart">
      <figcaption>
        <span class="key now">{tt("hoursNow", { day: short(day) })}</span>
        <span class="key before">{tt("hoursBefore", { day: short(before) })}</span>
      </figcaption>
      <div class="plot" aria-hidden="true">
        <ol class="ticks">
          {ticks.map((tick) => (
            <li key={tick} style={{ bottom: `${(100 * tick) / top}%` }}>
              {percent(tick, top < 0.05 ? 1 : 0)}
            </li>
          ))}
        </ol>
        <ol class="bars">
          {hours.map((h) => (
            <li key={h.hour}>
              <Bar kind="before" share={h.before} top={top} />
              <Bar kind="now" share={h.activity} top={top} />
              <span class="hour">{h.hour % 3 === 0 ? h.hour : ""}</span>
            </li>
          ))}
        </ol>
      </div>
      <p class="axis muted" aria-hidden="true">
        {tt("hour")}
      </p>
      <details>
        <summary>{tt("table")}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{tt("hour")}</th>
              <th scope="col">{tt("hoursNow", { day: short(day) })}</th>
              <th scope="col">{tt("hoursBefore", { day: short(before) })}</th>
            </tr>
          </thead>
          <tbody>
            {hours.map((h) => (
              <tr key={h.hour}>
                <th scope="row">{h.hour}</th>
                <td>{told(h.activity)}</td>
                <td>{told(h.before)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

function Bar(props: { kind: "now" | "before"; share: Share; top: number }): JSX.Element {
  const { share, top, kind } = props;
  if (share.value === null) return <span class={`bar ${kind} none`} />;
  const part = share.measured < 0.5 ? " partly" : "";
  return <span class={`bar ${kind}${part}`} style={{ height: `${(100 * share.value) / top}%` }} title={told(share)} />;
}

function told(share: Share): string {
  if (share.value === null) return shareText(share);
  return tt("partly", { value: percent(share.value, 2), part: partText(share.measured) });
}

function Best(props: { of: Hours }): JSX.Element {
  const { views, enough } = props.of;
  const ranges = bestRanges(views.filter((v) => v.best).map((v) => v.hour));
  return (
    <>
      <p class="best">
        {!enough ? (
          <span class="muted">{tt("bestNotEnough")}</span>
        ) : ranges.length === 0 ? (
          tt("bestNone")
        ) : (
          <strong>{ranges.map(({ from, to }) => tt("bestRange", { from, to })).join(", ")}</strong>
        )}
      </p>
      <ol class="day-hours" aria-hidden="true">
        {views.map((v) => (
          <li key={v.hour} class={v.best ? "best" : v.days === 0 ? "none" : ""} title={tt("bestOf", { hour: v.hour, days: v.days })}>
            {v.hour % 6 === 0 ? v.hour : ""}
          </li>
        ))}
      </ol>
    </>
  );
}
