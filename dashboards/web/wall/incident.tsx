// The incident card: what it is, what the nearest cameras see, what the nearest
// sensors measured, who can go, what is to be done, and what happened.

import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { Ago } from "../shared/ago";
import { viewOf, type CameraView } from "../shared/cameras";
import { age, length, number, unit } from "../shared/format";
import { freshnessAt } from "../shared/freshness";
import { alerts, devices, lang, now, t, times, zoneName } from "../shared/live";
import { LevelBadge } from "../shared/marks";
import { Overlays } from "../shared/overlays";
import { split } from "../shared/series";
import { teamName } from "../shared/teams";
import { statusOf } from "../shared/tile";
import { Trend, type TrendLine } from "../shared/trend";
import { textValue } from "../shared/words";
import { unseen } from "../shared/world";
import type { Alert, IncidentCard, IncidentEvent, NearCamera, NearSensor, NearTeam } from "../shared/wire";
import { known } from "./card";
import { openCamera, rests } from "./cameras";
import { Measured } from "./measured";
import { withNewest } from "./rivers";
import { nextSteps } from "./steps";
import { chooseDevice, focus, focused } from "./state";
import { direction, say, type WallWord } from "./words";

/** So many cameras are shown live, sensors drawn, lines of the timeline read. */
const mostCameras = 4;
const mostSensors = 4;
const mostEvents = 6;
const span = 2 * 3_600_000;

const card = computed(() => (known.value?.incident === focus.value?.incident ? known.value?.card : undefined));

export function IncidentPanel(): JSX.Element | null {
  const alert = focused.value;
  if (!alert) return null;
  const c = card.value;
  return (
    <section class={`incident level-${alert.properties.level} ${unseen(alert) ? "unseen" : "seen"}`} aria-label={say("incident")} data-incident={alert.properties.incident ?? ""}>
      <Head alert={alert} card={c} />
      <div class={c?.cameras.length === 0 ? "body blind" : "body"}>
        {c ? (
          <>
            <Cameras card={c} />
            <Sensors card={c} />
            <Doing card={c} alert={alert} />
          </>
        ) : (
          <p class="muted wait">{known.value?.failed ? say("incidentFailedYet") : say("incidentLoading")}</p>
        )}
      </div>
    </section>
  );
}

function Head(props: { alert: Alert; card: IncidentCard | undefined }): JSX.Element {
  const { alert, card: c } = props;
  const p = alert.properties;
  const l = lang.value;
  const at = now.value ?? Date.parse(p.since);
  const device = devices.value.get(p.device)?.properties.name;
  const place = [device ?? zoneName(p.zone), device ? zoneName(p.zone) : ""].filter(Boolean).join(" · ");
  return (
    <header>
      <LevelBadge level={p.level} seen={!unseen(alert)} stale={p.stale} label={t("level", { n: p.level })} />
      <div class="what">
        <h2>{p.name[l]}</h2>
        <p class="place">{place}</p>
      </div>
      <div class="states">
        <Overlays alert={alert} />
        <span class="muted">{say("beganAt", { time: times.value.since(l, Date.parse(p.since), at), age: age(l, at - Date.parse(p.since)) })}</span>
        {c && (
          <span class="muted">
            {say("incidentAlerts", { open: c.incident.properties.open_alerts, all: c.incident.properties.alerts, devices: c.incident.properties.devices })}
          </span>
        )}
        {c && known.value?.failed && <span class="warn">{say("incidentFailed", { time: times.value.long(l, Date.parse(c.time)) })}</span>}
      </div>
      <Measured alert={alert} />
    </header>
  );
}

/** The nearest cameras, live. How each is now the stream tells sooner than the card. */
function Cameras(props: { card: IncidentCard }): JSX.Element {
  const { cameras, cameras_down: down } = props.card;
  const at = now.value ?? 0;
  const shown = cameras.slice(0, mostCameras).map((near) => ({ near, view: viewOf(near.camera, devices.value.get(near.camera.id), at) }));
  return (
    <div class={`near cameras-${Math.min(shown.length, mostCameras)}`}>
      {shown.length === 0 && <p class="muted wait">{say("noCameras")}</p>}
      <ul>
        {shown.map(({ near, view }) => (
          <li key={near.camera.id}>
            <NearTile near={near} view={view} large={shown[0]?.near === near} />
          </li>
        ))}
      </ul>
      {down.length > 0 && <p class="muted down">{say("camerasDown", { n: down.length })}: {down.map((d) => d.camera.properties.name).join(", ")}</p>}
    </div>
  );
}

function NearTile(props: { near: NearCamera; view: CameraView; large: boolean }): JSX.Element {
  const { near, view, large } = props;
  const { id, name } = near.camera.properties;
  const note = [length(lang.value, near.distance), near.sees === true ? say("sees") : large && near.sees === false ? say("seesNot") : ""].filter(Boolean).join(" · ");
  return (
    <button type="button" class="tile" onClick={() => (openCamera.value = id)}>
      <camera-tile camera={id} label={name} note={note} lang={lang.value} still={rests(view)} status={statusOf(view)} />
    </button>
  );
}

function Sensors(props: { card: IncidentCard }): JSX.Element {
  const { sensors } = props.card;
  const shown = sensors.slice(0, mostSensors);
  return (
    <div class="sensors">
      <h3 class="muted">{say("sensorsTitle")}</h3>
      {shown.length === 0 && <p class="muted wait">{say("noSensors")}</p>}
      <ul class={`of-${shown.length}`}>
        {shown.map((s) => (
          <li key={s.device.id}>
            <Sensor near={s} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Sensor(props: { near: NearSensor }): JSX.Element {
  const { near } = props;
  const l = lang.value;
  const at = now.value ?? 0;
  // The stream's word of the device is newer than the card's.
  const device = devices.value.get(near.device.id) ?? near.device;
  const value = device.properties.values.find((v) => v.value === near.value);
  const look = freshnessAt(device, at);
  const label = value?.label?.[l] ?? near.value;
  return (
    <article class={`sensor ${look}`}>
      <header>
        <h4>
          <button type="button" onClick={() => chooseDevice(device.id, near.value)}>
            {device.properties.name}
          </button>
        </h4>
        <span class="figure">
          {value?.number !== undefined ? number(l, value.number, value.decimals) : value?.text ? textValue(l, value.text) : "–"}
          {value && unit(l, value.unit) && <small> {unit(l, value.unit)}</small>}
        </span>
      </header>
      <p class="stand muted">
        <span>
          {label}
          {near.distance >= 50 && ` · ${length(l, near.distance)} ${direction(near.bearing)}`}
        </span>
        {value && <Ago ms={Date.parse(value.time)} />}
      </p>
      {value?.number === undefined ? null : near.points === null ? (
        <p class="muted wait">{say("historyNone")}</p>
      ) : (
        <Trend
          points={withNewest(near.points, value)}
          expected={Math.max(60, device.properties.period)}
          from={at - span}
          to={at}
          lines={linesOf(device.id, near.value, value.decimals)}
          decimals={value.decimals}
          label={say("sensorOf", { value: label, name: device.properties.name })}
        />
      )}
    </article>
  );
}

/** The bounds of a value: the station's own, and those that open alerts rest on. */
function linesOf(device: string, value: string, decimals: number): TrendLine[] {
  const l = lang.value;
  const own = split(devices.value.get(device)?.properties.bounds?.[value] ?? []).drawn;
  const lines = own.map((b) => ({ ...b, label: `${t("alarmLevel", { n: b.level })} ${number(l, b.bound, decimals)}` }));
  for (const a of alerts.value) {
    for (const e of a.properties.evidence) {
      // What was made of several readings is no bound of the reading itself.
      if (e.device !== device || e.value !== value || e.bound === undefined || e.fn || lines.some((line) => line.bound === e.bound)) continue;
      lines.push({ level: a.properties.level, bound: e.bound, label: `${t("bound")} ${number(l, e.bound, decimals)}` });
    }
  }
  return lines;
}

function Doing(props: { card: IncidentCard; alert: Alert }): JSX.Element {
  const { card: c, alert } = props;
  const l = lang.value;
  const { items } = c.checklist;
  const drafts = items.filter((i) => i.draft).length;
  const { shown, more } = nextSteps(items);
  const last = c.past[0];
  return (
    <div class="doing">
      <Team card={c} alert={alert} />
      <section>
        <h3 class="muted">
          {say("checklist")}
          {items.length > 0 && <span> · {say("checklistDone", { done: items.filter((i) => i.done).length, all: items.length })}</span>}
          {drafts > 0 && drafts === items.length && <span> · {say("draft")}</span>}
        </h3>
        {items.length === 0 && <p class="muted">{say("checklistNone")}</p>}
        <ul class="checklist">
          {shown.map((item) => (
            <li key={item.id} class={item.done ? "done" : "open"}>
              <svg viewBox="0 0 20 20" aria-hidden="true">
                <rect x="2" y="2" width="16" height="16" rx="3" />
                {item.done && <path d="M5.500 10.500l3 3 6-7" />}
              </svg>
              <span>
                {item[l]}
                {item.draft && drafts < items.length && <span class="muted"> · {say("draft")}</span>}
                {item.done && <span class="muted"> · {item.by ?? say("done")}</span>}
              </span>
            </li>
          ))}
        </ul>
        {more > 0 && <p class="muted">{say("checklistMore", { n: more })}</p>}
      </section>
      <section class="timeline-box">
        <h3 class="muted">{say("timeline")}</h3>
        <ol>
          {[...c.timeline].reverse().slice(0, mostEvents).map((e) => (
            <li key={`${e.at}${e.alert ?? ""}${e.reason}`}>
              <time class="muted">{times.value.short(l, Date.parse(e.at))}</time> {eventText(e, c)}
            </li>
          ))}
        </ol>
        {last && <p class="muted">{say("past", { n: c.past.length, time: times.value.since(l, Date.parse(last.properties.since), now.value ?? 0) })}</p>}
      </section>
    </div>
  );
}

function eventText(e: IncidentEvent, c: IncidentCard): string {
  const of = c.alerts.length > 1 ? c.alerts.find((a) => a.id === e.alert) : undefined;
  const name = of ? (devices.value.get(of.device)?.properties.name ?? of.name[lang.value]) + ": " : "";
  const what = say(e.reason as WallWord, { level: e.level ?? "", to: teamName(e.to ?? "") }).trim();
  return [name + what, e.actor, e.note].filter(Boolean).join(" · ");
}

/** Who is there or on the way, and else who could go. */
function Team(props: { card: IncidentCard; alert: Alert }): JSX.Element {
  const { teams, teams_out: out } = props.card;
  const here = (out ?? []).filter((n) => n.here);
  const assigned = props.alert.properties.assigned;
  const nearest = teams?.[0];
  return (
    <div class="team">
      {here.map(({ team, distance }) => (
        <p key={team.id}>
          <b>{team.properties.name}</b> · {say(team.properties.state === "free" ? "assignedOnly" : (`team_${team.properties.state}` as WallWord))}
          {/* Only what its phone says is worth a distance: from its home it has long gone. */}
          {team.properties.position_from === "phone" && team.properties.located && (
            <>
              {" · "}
              {length(lang.value, distance)} <Ago ms={Date.parse(team.properties.located)} />
            </>
          )}
        </p>
      ))}
      {here.length === 0 && assigned && <p>{say("teamAssigned", { team: teamName(assigned) })}</p>}
      <p>
        <span class="muted">{say("team")}:</span> {nearest ? <Free near={nearest} /> : say("teamNone")}
      </p>
    </div>
  );
}

function Free(props: { near: NearTeam }): JSX.Element {
  const { distance, bearing, team } = props.near;
  const { name, phone, located } = team.properties;
  return (
    <>
      <b>{name}</b> · {length(lang.value, distance)} {direction(bearing)}
      {phone && ` · ${phone}`}{" "}
      {located ? <Ago ms={Date.parse(located)} /> : <span class="muted">({say("teamHome")})</span>}
    </>
  );
}
