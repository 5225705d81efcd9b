// All points at a glance.

import type { JSX } from "preact";
import { works, type CameraView } from "../shared/cameras";
import { Indicators } from "../shared/indicators";
import { lang, now, t, times, zoneName } from "../shared/live";
import { CameraMark } from "../shared/marks";
import { cameraWord, statusOf } from "../shared/tile";
import { textValue } from "../shared/words";
import { partText, pointHref, points, shareText, standings, standingsFailed } from "./state";
import { Upload } from "./upload";
import { tt } from "./words";
import type { Share } from "./wire";

export function Gallery(): JSX.Element {
  const all = points.value;
  return (
    <main class="gallery">
      <section aria-label={tt("gallery")}>
        <p class="summary">{tt("summary", { all: all.length, up: all.filter(works).length })}</p>
        {standingsFailed.value !== undefined && <p class="warn">{tt("failed", { why: standingsFailed.value })}</p>}
        {all.length === 0 ? (
          <p class="empty">
            <strong>{tt("none")}</strong>
            <br />
            <span class="muted">{tt("noneHint")}</span>
          </p>
        ) : (
          <ul class="cards">
            {all.map((view) => (
              <Card key={view.camera.id} view={view} />
            ))}
          </ul>
        )}
      </section>
      <div class="figures">
        <Indicators sector="tourism" />
        <Upload sector="tourism" />
      </div>
    </main>
  );
}

function Card(props: { view: CameraView }): JSX.Element {
  const { view } = props;
  const { id, name, zone } = view.camera.properties;
  const standing = standings.value.get(id);
  return (
    <li class={`card ${view.look}`} data-camera={id}>
      <camera-tile key={id} camera={id} label="" lang={lang.value} still={view.camera.properties.on_demand} status={statusOf(view)} />
      <div class="about">
        <h2>
          <a href={pointHref(id)}>{name}</a>
        </h2>
        <p class="muted">{zoneName(zone)}</p>
        <StateLine view={view} />
        <Meter label={tt("up7")} share={standing?.up} rests="measuredOf" />
        <Meter label={tt("usable7")} share={standing?.usable} rests="judgedOf" />
      </div>
    </li>
  );
}

/** How a point is now, since when, and whether its picture can be used. */
export function StateLine(props: { view: CameraView }): JSX.Element {
  const { view } = props;
  const p = view.camera.properties;
  const l = lang.value;
  const since = p.state === view.state && p.since ? Date.parse(p.since) : undefined;
  return (
    <p class={`state ${view.look}`}>
      <CameraMark look={view.look} />
      <strong>{view.look === "off" && view.state ? textValue(l, view.state) : t(cameraWord(view.look))}</strong>
      {since !== undefined && <span class="muted">{t("cameraStateSince", { time: times.value.since(l, since, now.value ?? since) })}</span>}
      {p.usable === false && view.look === "online" && <span class="warn">{`${tt("notUsable")}: ${textValue(l, p.picture ?? "")}`}</span>}
    </p>
  );
}

/** A share as a bar: what is not measured is hatched, not empty. */
export function Meter(props: { label: string; share: Share | undefined; rests: "measuredOf" | "judgedOf" }): JSX.Element {
  const { share } = props;
  const known = share !== undefined && share.value !== null;
  return (
    <div class={known ? "meter" : "meter unknown"}>
      <span>{props.label}</span>
      <strong>{shareText(share)}</strong>
      <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="whole" width="100" height="4" />
        {known && <rect class="part" width={100 * (share.value ?? 0)} height="4" />}
      </svg>
      {known && <span class="muted rests">{tt(props.rests, { part: partText(share.measured) })}</span>}
    </div>
  );
}
