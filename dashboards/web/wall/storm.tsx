// A flood of alerts: nobody reads five hundred, so they are shown by commune
// and river basin, the worst first.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Ago } from "../shared/ago";
import { duration, number } from "../shared/format";
import { lang, storm, t, times, zoneName } from "../shared/live";
import { LevelBadge } from "../shared/marks";
import type { Level, StormRow } from "../shared/wire";
import { useBelow } from "./below";
import { focus } from "./state";
import { say } from "./words";

export function StormBanner(): JSX.Element | null {
  const s = storm.value;
  if (!s?.on) return null;
  const l = lang.value;
  return (
    <div class="banner storm" role="status">
      <strong>{say("stormOn")}</strong>
      <span>
        {say("stormLong", {
          recent: number(l, s.recent, 0), over: duration(l, s.over * 1000), time: s.since ? times.value.short(l, Date.parse(s.since)) : "",
        })}
      </span>
    </div>
  );
}

/** The rows, in place of the list of alerts. */
export function StormList(): JSX.Element {
  const rows = [...(storm.value?.rows ?? [])].sort(
    (a, b) => Number(b.new > 0) - Number(a.new > 0) || b.level - a.level || Date.parse(b.sounded ?? b.at) - Date.parse(a.sounded ?? a.at),
  );
  const scroller = useRef<HTMLOListElement>(null);
  const below = useBelow(scroller, rows);
  const fresh = rows.reduce((sum, r) => sum + r.new, 0);
  return (
    <section class="alerts storm-rows" aria-label={say("stormRows")}>
      <header>
        <h2>{say("stormRows")}</h2>
        <span class="count">{number(lang.value, storm.value?.open ?? 0, 0)}</span>
        {fresh > 0 && <span class="unseen-count">{say("stormNew", { n: number(lang.value, fresh, 0) })}</span>}
      </header>
      <ol ref={scroller} tabIndex={0}>
        {rows.map((r) => (
          <li key={r.key}>
            <Row row={r} />
          </li>
        ))}
      </ol>
      {below > 0 && <p class="below">{say("stormBelow", { n: below })} ↓</p>}
    </section>
  );
}

function Row(props: { row: StormRow }): JSX.Element {
  const { row } = props;
  const l = lang.value;
  const levels = [5, 4, 3, 2, 1] as Level[];
  return (
    <article class={`card row level-${row.level} ${row.new > 0 ? "unseen" : "seen"} ${focus.value?.key === row.key ? "shown" : ""}`} data-row={row.key}>
      <LevelBadge level={row.level} seen={row.new === 0} stale={false} label={t("level", { n: row.level })} />
      <span class="what">
        <span class="name">{row.kind === "rest" ? say("stormRest") : zoneName(row.id)}</span>
        <span class="states">
          {row.new > 0 && <span>{say("stormNew", { n: number(l, row.new, 0) })}</span>}
          <Ago ms={Date.parse(row.at)} />
        </span>
      </span>
      <span class="by-level">
        {levels
          .filter((n) => row.levels[n - 1]! > 0)
          .map((n) => (
            <span key={n}>
              <LevelBadge level={n} seen label={t("level", { n })} stale={false} />
              {number(l, row.levels[n - 1]!, 0)}
            </span>
          ))}
      </span>
      <b class="count">{number(l, row.count, 0)}</b>
    </article>
  );
}
