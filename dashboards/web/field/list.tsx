// The alerts of my area, and what is not sent yet.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { LevelBadge } from "../shared/marks";
import { unseen } from "../shared/world";
import type { Alert } from "../shared/wire";
import { editing, me } from "./me";
import { Away, Marks, measured, place, Standing } from "./parts";
import type { Item } from "./queue";
import { radius, s } from "./speak";
import { ago, agoHere, asOf, clockTime, current, drop, keepFault, list, nextStep, press, queued, resend, sendQueued, show, stageOf, teamName, zoneName } from "./state";
import { askHeading } from "./heading";
import { finding, fix, locate } from "./where";
import { lang, phase } from "../shared/live";

export function AreaName(): string {
  const zones = me.value?.zones ?? [];
  const first = zones[0];
  if (!first) return s("provinceAll");
  return zones.length === 1 ? zoneName(first) : s("zonesSome", { first: zoneName(first), n: zones.length - 1 });
}

export function TopBar(): JSX.Element {
  const at = asOf.value;
  return (
    <header class="top">
      <div class="who">
        <h1>{AreaName()}</h1>
        <p>{[me.value && teamName(me.value.team), me.value?.person].filter((text) => text).join(" · ") || s("title")}</p>
      </div>
      <p class={current.value ? "link live" : "link lost"} role="status">
        {current.value ? s("online") : phase.value === "connecting" && at === undefined ? s("connecting") : s("offline")}
      </p>
      <button type="button" class="gear" aria-label={s("settings")} onClick={() => (editing.value = true)}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 7h10M18 7h2M4 17h2M10 17h10" />
          <circle cx="16" cy="7" r="2.500" />
          <circle cx="8" cy="17" r="2.500" />
        </svg>
      </button>
    </header>
  );
}

/** What is shown is not the present: over everything, until it is. */
export function OfflineBanner(): JSX.Element | null {
  if (current.value) return null;
  const at = asOf.value;
  if (phase.value === "connecting" && at === undefined && navigator.onLine) return null;
  return (
    <p class="banner" role="alert">
      {at === undefined ? s("cachedNever") : s("cached", { age: ago(at) })}
    </p>
  );
}

function QueueRow(props: { item: Item }): JSX.Element {
  const { item } = props;
  const no = item.refused;
  const why = no ? (no.by ? s("quicker", { who: no.by }) : no.status === 404 ? s("gone") : no.status === 409 ? s("changed") : no.detail) : "";
  return (
    <li class={no ? "refused" : ""}>
      <p>
        <strong>{s(`do_${item.verb}`)}</strong> · {item.title}
      </p>
      <p class="muted">
        {s("pressed", { time: clockTime(Date.parse(item.pressed)) })}
        {no ? ` · ${s("refused")}: ${why}` : ` · ${s("unsent")}`}
      </p>
      {no && (
        <p class="choices">
          {no.status !== 404 && (
            <button type="button" onClick={() => void resend(item)}>
              {s("resend")}
            </button>
          )}
          {item.photo && <SavePhoto item={item} photo={item.photo} />}
          <button type="button" class="plain" onClick={() => void drop(item)}>
            {s("drop")}
          </button>
        </p>
      )}
    </li>
  );
}

/** What the centre does not take is evidence all the same: it goes among the phone's pictures. */
function SavePhoto(props: { item: Item; photo: Blob }): JSX.Element {
  const url = useSignal("");
  useEffect(() => {
    const made = URL.createObjectURL(props.photo);
    url.value = made;
    return () => URL.revokeObjectURL(made);
  }, [props.photo]);
  return (
    <a class="button" href={url.value} download={`citywatch-${props.item.pressed.slice(0, 19).replace(/:/g, "")}.jpg`}>
      {s("savePhoto")}
    </a>
  );
}

/** Everything that was pressed and is not with the centre yet. */
export function Queue(): JSX.Element | null {
  const all = queued.value;
  const refused = all.filter((item) => item.refused).length;
  if (all.length === 0 && !keepFault.value) return null;
  return (
    <section class="queue" aria-live="polite">
      {keepFault.value && <p class="fault">{s("keptFailed", { why: keepFault.value })}</p>}
      {all.length > refused && (
        <div class="waiting">
          <div>
            <h2>{s("unsentCount", { n: all.length - refused })}</h2>
            <p class="muted">{s("unsentWait")}</p>
          </div>
          <button type="button" class="plain" onClick={() => void sendQueued()}>
            {s("sendNow")}
          </button>
        </div>
      )}
      {refused > 0 && <h2 class="fault">{s("refusedCount", { n: refused })}</h2>}
      <ul>
        {all.map((item) => (
          <QueueRow key={item.key} item={item} />
        ))}
      </ul>
    </section>
  );
}

/** How exactly the phone knows where it is, and since when. */
export function PositionLine(): JSX.Element {
  const f = fix.value;
  switch (finding.value) {
    case "on":
      return <p class="position">{f && s("positionOn", { accuracy: radius(f.accuracy), age: agoHere(f.time) })}</p>;
    case "asking":
      return <p class="position">{s("positionWait")}</p>;
    case "denied":
      return <p class="position warn">{s("positionDenied")}</p>;
    case "insecure":
      return <p class="position warn">{s("positionInsecure")}</p>;
    default:
      return (
        <p class="position">
          {s("positionOff")}
          <button type="button" class="plain" onClick={() => (askHeading(), locate())}>
            {s("positionAsk")}
          </button>
        </p>
      );
  }
}

export function AlertList(): JSX.Element {
  const all = list.value;
  const at = asOf.value;
  return (
    <section class="alerts" aria-label={s("mine")}>
      <PositionLine />
      {all.length === 0 ? (
        <div class="nothing">
          {at === undefined ? (
            <p>{phase.value === "connecting" && navigator.onLine ? s("connecting") : s("nothingYet")}</p>
          ) : (
            <>
              <p>{s("none")}</p>
              <p class="muted">{s("noneKnown", { time: clockTime(at) })}</p>
            </>
          )}
        </div>
      ) : (
        <ol>
          {all.map((a) => (
            <li key={a.id}>
              <Card alert={a} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Card(props: { alert: Alert }): JSX.Element {
  const { alert } = props;
  const p = alert.properties;
  const { stage, unsent } = stageOf(alert);
  const next = nextStep(stage);
  const value = measured(alert);
  return (
    <article class={`card level-${p.level} ${unseen(alert) && !unsent ? "unseen" : "seen"}`} data-alert={alert.id}>
      <button type="button" class="open" onClick={() => show(alert.id)}>
        <LevelBadge level={p.level} seen={!unseen(alert)} stale={p.stale} label={s("level", { n: p.level })} />
        <span class="what">
          <span class="name">{p.name[lang.value] || p.name.vi}</span>
          <span class="place">{place(alert)}</span>
          <Away alert={alert} />
          <span class="since">
            {value && <b>{value.value}</b>} {s("from", { time: clockTime(Date.parse(p.since)) })}
          </span>
          <Marks alert={alert} />
          <Standing alert={alert} />
        </span>
      </button>
      {next && (
        <button type="button" class="step" data-do={next} onClick={() => void press(alert, next)}>
          {s(`do_${next}`)}
        </button>
      )}
    </article>
  );
}
