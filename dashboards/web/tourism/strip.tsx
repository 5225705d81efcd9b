// A day's pictures as a strip.

import type { JSX } from "preact";
import { lang, times } from "../shared/live";
import { addDays, momentAt } from "../shared/zoned";
import { thinned } from "./shapes";
import { useAsked, zone } from "./state";
import { tt } from "./words";

interface Thumbnail {
  time: string;
  href: string;
}

const askEvery = 60_000;

export function StripPanel(props: { camera: string; day: string }): JSX.Element {
  const from = new Date(momentAt(zone.value, props.day)).toISOString();
  const to = new Date(momentAt(zone.value, addDays(props.day, 1))).toISOString();
  const asked = useAsked<{ thumbnails: Thumbnail[] }>(
    `cameras/${encodeURIComponent(props.camera)}/thumbnails?${new URLSearchParams({ from, to })}`,
    askEvery,
  ).value;
  return (
    <section class="panel strip-panel" aria-label={tt("strip")}>
      <h3>{tt("strip")}</h3>
      {asked.is === "loading" && <p class="muted">{tt("loading")}</p>}
      {asked.is === "failed" && <p class="warn">{tt("failed", { why: asked.why })}</p>}
      {asked.is === "known" && <Strip all={thinned(asked.value.thumbnails)} />}
    </section>
  );
}

function Strip(props: { all: readonly Thumbnail[] }): JSX.Element {
  if (props.all.length === 0) return <p class="muted">{tt("stripNone")}</p>;
  return (
    <ol class="thumbs" tabindex={0} aria-label={tt("strip")}>
      {props.all.map(({ time, href }) => {
        const clock = times.value.short(lang.value, Date.parse(time));
        return (
          <li key={time}>
            {/* The API tells paths of the server's root; the page may live deeper. */}
            <img src={href.replace(/^\//, "")} alt={tt("stripOf", { time: clock })} loading="lazy" width="160" height="90" />
            <span>{clock}</span>
          </li>
        );
      })}
    </ol>
  );
}
