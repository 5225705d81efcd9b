// What is known of one alert, and of the incident that it is part of.

import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Ago } from "../shared/ago";
import { ApiError, get, post } from "../shared/api";
import { duration, length, number, unit } from "../shared/format";
import { alerts, lang, operator, phase, t, times, zoneName } from "../shared/live";
import { LevelBadge } from "../shared/marks";
import { teamName } from "../shared/teams";
import { askOperator } from "../shared/operator";
import { statusOf } from "../shared/tile";
import { distance } from "../shared/cameras";
import { cameras, views } from "../shared/views";
import { textValue } from "../shared/words";
import { unseen } from "../shared/world";
import type { Alert, CheckItem, Evidence, IncidentCard as Card, IncidentEvent, NearCamera, NearSensor } from "../shared/wire";
import { audited } from "./auditstate";
import { Then } from "./camera";
import { moment, past, shownDevices, shownTime } from "./hindsight";
import { Handling } from "./handle";
import { States } from "./list";
import { placeOf, shownValue } from "./names";
import { go, openThing } from "./route";
import { begin, ready } from "./actions";
import { Spark } from "./spark";
import { coded, d } from "./words";

type Asked = { id: string; state: "loading" } | { id: string; state: "failed"; why: string } | { id: string; state: "here"; card: Card };
const asked = signal<Asked | undefined>(undefined);

/** How often a card is asked for again, in ms, besides when its alert changes. */
const askAgain = 15_000;

export function AlertCard(props: { alert: Alert }): JSX.Element {
  const { alert } = props;
  const p = alert.properties;
  const l = lang.value;
  const since = Date.parse(p.since);
  const at = shownTime.value ?? since;
  return (
    <article class={`detail level-${p.level}`} data-card={alert.id}>
      <header>
        <LevelBadge level={p.level} seen={!unseen(alert)} stale={p.stale} label={t("level", { n: p.level })} />
        <div>
          <h2>{p.name[l]}</h2>
          <p>
            {p.device ? (
              <button type="button" class="link" onClick={() => openThing("device", p.device)}>
                {placeOf(alert)}
              </button>
            ) : (
              placeOf(alert)
            )}{" "}
            <span class="muted">
              {zoneName(p.zone)} · {t("since", { time: times.value.since(l, since, at) })} ({duration(l, at - since)})
            </span>
          </p>
          <States p={p} zone={false} />
        </div>
      </header>
      <Handling alert={alert} />
      <EvidenceList alert={alert} />
      {(p.promises?.length ?? 0) > 0 && <Promises alert={alert} />}
      {moment.value !== undefined && <SeenThen alert={alert} at={moment.value} />}
      {p.incident && moment.value === undefined && <Incident key={p.incident} id={p.incident} version={p.version} of={alert.id} />}
    </article>
  );
}

/** How far away a camera may be, in metres, to be shown: another town's is no help. */
const reach = 20_000;

/** What the nearest camera recorded of the moment that is shown. */
function SeenThen(props: { alert: Alert; at: number }): JSX.Element | null {
  const here = props.alert.geometry?.coordinates;
  const recorded = new Set(past.value?.recordings.map((r) => r.camera));
  if (!here || !past.value) return null;
  const nearest = cameras.value
    .filter((c) => recorded.has(c.id) && c.geometry)
    .map((c) => ({ camera: c, metres: distance(here, c.geometry!.coordinates) }))
    .filter((c) => c.metres <= reach)
    .sort((a, b) => a.metres - b.metres)[0];
  if (!nearest) return <p class="muted">{d("pastNoRecording")}</p>;
  return (
    <section>
      <h3>
        <button type="button" class="link" onClick={() => openThing("camera", nearest.camera.id)}>
          {nearest.camera.properties.name}
        </button>{" "}
        <span class="muted">{length(lang.value, nearest.metres)}</span>
      </h3>
      <Then id={nearest.camera.id} at={props.at} />
    </section>
  );
}

function EvidenceList(props: { alert: Alert }): JSX.Element | null {
  const list = props.alert.properties.evidence;
  if (list.length === 0) return null;
  return (
    <section>
      <h3>{d("evidence")}</h3>
      <ul class="evidence">
        {list.slice(0, 6).map((e, i) => (
          <EvidenceLine key={i} e={e} />
        ))}
      </ul>
    </section>
  );
}

function EvidenceLine(props: { e: Evidence }): JSX.Element {
  const { e } = props;
  const l = lang.value;
  const device = shownDevices.value.get(e.device);
  const v = device?.properties.values.find((x) => x.value === e.value);
  const decimals = v?.decimals ?? 2;
  const u = unit(l, e.unit ?? v?.unit);
  return (
    <li>
      <span>{v?.label?.[l] ?? e.value}</span>{" "}
      <b>
        {e.text ? textValue(l, e.text) : number(l, e.number, decimals)}
        {u && !e.text ? ` ${u}` : ""}
      </b>{" "}
      {e.bound !== undefined && !e.text && <span class="muted">{d("bound", { n: number(l, e.bound, decimals) })}</span>}{" "}
      <span class="muted">
        {device?.properties.name ?? e.device}, {times.value.since(l, Date.parse(e.time), shownTime.value ?? Date.parse(e.time))}
      </span>
    </li>
  );
}

function Promises(props: { alert: Alert }): JSX.Element {
  const l = lang.value;
  const at = shownTime.value ?? 0;
  return (
    <section>
      <h3>{d("promises")}</h3>
      <ul>
        {props.alert.properties.promises?.map((promise) => (
          <li key={promise.due + promise.note} class={Date.parse(promise.due) < at ? "warn" : ""}>
            <b>{times.value.since(l, Date.parse(promise.due), at)}</b> {promise.note} <span class="muted">{promise.by}</span>
            {Date.parse(promise.due) < at && ` · ${d("promiseLate")}`}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Incident(props: { id: string; version: number; of: string }): JSX.Element {
  const { id } = props;
  const alive = phase.value === "live";
  useEffect(() => {
    if (!alive) return;
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const card = await get<Card>(`incidents/${encodeURIComponent(id)}`, abort.signal);
        asked.value = { id, state: "here", card };
      } catch (error) {
        if (abort.signal.aborted) return;
        if (asked.peek()?.id !== id || asked.peek()?.state !== "here") asked.value = { id, state: "failed", why: error instanceof Error ? error.message : String(error) };
      }
    };
    if (asked.peek()?.id !== id) asked.value = { id, state: "loading" };
    void ask();
    const timer = window.setInterval(() => void ask(), askAgain);
    return () => {
      abort.abort();
      window.clearInterval(timer);
    };
  }, [id, props.version, alive]);
  const a = asked.value;
  if (!a || a.id !== id || a.state === "loading") return <p class="muted">{d("incidentLoading")}</p>;
  if (a.state === "failed") return <p class="warn">{d("incidentFailed", { why: a.why })}</p>;
  return <IncidentParts card={a.card} of={props.of} />;
}

function IncidentParts(props: { card: Card; of: string }): JSX.Element {
  const { card } = props;
  const p = card.incident.properties;
  return (
    <>
      <CheckList card={card} />
      <TeamsOut card={card} />
      <Teams card={card} of={props.of} />
      <Cameras card={card} />
      <Sensors card={card} />
      {card.alerts.length > 1 && (
        <section>
          <h3>
            {d("incident")} <span class="muted">{d("incidentOf", { n: p.alerts, devices: p.devices })}</span>
          </h3>
          <ul class="members">
            {card.alerts.filter((m) => m.id !== props.of).slice(0, 8).map((m) => (
              <li key={m.id}>
                <LevelBadge level={m.level} seen={m.handling !== "new"} stale={false} label={t("level", { n: m.level })} />
                <button type="button" class="link" disabled={!m.open} onClick={() => openThing("alert", m.id)}>
                  {m.name[lang.value]}
                </button>
                <span class="muted">
                  {shownDevices.value.get(m.device)?.properties.name ?? zoneName(m.zone)} · {coded("handling", m.handling)}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Timeline card={card} />
      {card.past.length > 0 && (
        <section>
          <h3>{d("pastIncidents")}</h3>
          <ul>
            {card.past.slice(0, 5).map(({ id, properties: past }) => (
              <li key={id}>
                {times.value.date(lang.value, Date.parse(past.since))}, {times.value.short(lang.value, Date.parse(past.since))} · {t("level", { n: past.peak })}
                <span class="muted"> · {d("incidentOf", { n: past.alerts, devices: past.devices })}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** The teams that were sent, how far they are, and how old what their phones said is. */
function TeamsOut(props: { card: Card }): JSX.Element | null {
  const out = (props.card.teams_out ?? []).filter((near) => near.here);
  if (out.length === 0) return null;
  return (
    <section>
      <h3>{d("teamsOut")}</h3>
      <ul class="members teams-out">
        {out.map(({ team, distance }) => (
          <li key={team.id}>
            <span>
              {team.properties.name}{" "}
              <span class="muted">
                {coded("team", team.properties.state)}
                {team.properties.position_from === "phone" && team.properties.located ? (
                  <>
                    {" · "}
                    {length(lang.value, distance)} · <Ago ms={Date.parse(team.properties.located)} />
                  </>
                ) : (
                  ` · ${d("teamUnlocated")}`
                )}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The nearest teams that are free; one is sent with a button. */
function Teams(props: { card: Card; of: string }): JSX.Element | null {
  const near = props.card.teams;
  const alert = alerts.value.find((a) => a.id === props.of);
  if (!near || !alert) return null;
  return (
    <section>
      <h3>{d("nearTeams")}</h3>
      {near.length === 0 && <p class="warn">{d("nearTeamsNone")}</p>}
      <ul class="members teams">
        {near.slice(0, 3).map(({ team, distance }) => (
          <li key={team.id}>
            <span>
              {team.properties.name}{" "}
              <span class="muted">
                {length(lang.value, distance)} · {coded("team", team.properties.state)}
              </span>
            </span>
            <button type="button" class="plain" disabled={!ready()} onClick={() => void begin(alert, "dispatch", team.properties.name)}>
              {d("do_dispatch")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function CheckList(props: { card: Card }): JSX.Element {
  const { card } = props;
  const trouble = useSignal("");
  const check = async (item: CheckItem): Promise<void> => {
    const actor = operator.value || (await askOperator());
    if (!actor) return;
    trouble.value = "";
    const id = card.incident.id;
    const path = `incidents/${encodeURIComponent(id)}`;
    try {
      const checklist = await post<Card["checklist"]>(`${path}/checklist`, { item: item.id, done: !item.done, actor, version: card.checklist.version });
      if (asked.peek()?.id === id) asked.value = { id, state: "here", card: { ...card, checklist } };
    } catch (error) {
      const conflict = error instanceof ApiError && error.problem.status === 409;
      trouble.value = conflict ? d("checkConflict") : error instanceof Error ? error.message : String(error);
      if (conflict) asked.value = { id, state: "here", card: await get<Card>(path) };
    }
  };
  const { items } = card.checklist;
  const drafts = items.filter((i) => i.draft).length;
  return (
    <section class="checklist">
      <h3>
        {d("checklist")} {drafts === items.length && drafts > 0 && <span class="state">{d("checklistDraft")}</span>}
      </h3>
      {card.checklist.items.length === 0 && <p class="muted">{d("checklistNone")}</p>}
      <ul>
        {card.checklist.items.map((item) => (
          <li key={item.id}>
            <label>
              <input type="checkbox" checked={item.done} disabled={!ready()} onChange={() => void check(item)} />
              <span>
                {item[lang.value] || item.vi}
                {item.draft && drafts < items.length && <span class="state">{d("checklistDraft")}</span>}
              </span>
            </label>
            {item.done && item.by && (
              <span class="muted">{d("checkedBy", { who: item.by, time: item.at ? times.value.since(lang.value, Date.parse(item.at), shownTime.value ?? 0) : "" })}</span>
            )}
          </li>
        ))}
      </ul>
      {trouble.value && (
        <p class="warn" role="alert">
          {trouble.value}
        </p>
      )}
    </section>
  );
}

function Cameras(props: { card: Card }): JSX.Element {
  const { cameras, cameras_down: down } = props.card;
  return (
    <section>
      <h3>{d("nearCameras")}</h3>
      {cameras.length === 0 && <p class="muted">{d("nearCamerasNone")}</p>}
      <div class="tiles">
        {cameras.slice(0, 2).map((near) => (
          <Tile key={near.camera.id} near={near} />
        ))}
      </div>
      {cameras.length > 2 && (
        <ul class="more">
          {cameras.slice(2).map((near) => (
            <li key={near.camera.id}>
              <button type="button" class="link" onClick={() => openThing("camera", near.camera.id)}>
                {near.camera.properties.name}
              </button>{" "}
              <span class="muted">{length(lang.value, near.distance)}</span>
            </li>
          ))}
        </ul>
      )}
      {down.length > 0 && <p class="warn">{d("nearDown", { names: down.map((n) => n.camera.properties.name).join(", ") })}</p>}
    </section>
  );
}

function Tile(props: { near: NearCamera }): JSX.Element {
  const { camera, distance, sees } = props.near;
  const view = views.value.find((v) => v.camera.id === camera.id);
  const note = length(lang.value, distance) + (sees === null ? "" : ` · ${d(sees ? "sees" : "seesNot")}`);
  return (
    <div class="tile-box">
      <camera-tile camera={camera.id} stream="sub" label={camera.properties.name} note={note} lang={lang.value} status={view && statusOf(view)} />
      <button type="button" class="cover" aria-label={camera.properties.name} onClick={() => openThing("camera", camera.id)} />
    </div>
  );
}

const twoHours = 2 * 3_600_000;

function Sensors(props: { card: Card }): JSX.Element {
  const { sensors, time } = props.card;
  const to = Date.parse(time);
  return (
    <section>
      <h3>{d("nearSensors")}</h3>
      {sensors.length === 0 && <p class="muted">{d("nearSensorsNone")}</p>}
      <ul class="sensors">
        {sensors.map((s) => (
          <Sensor key={s.device.id} near={s} to={to} />
        ))}
      </ul>
    </section>
  );
}

function Sensor(props: { near: NearSensor; to: number }): JSX.Element {
  const { device, value, points, distance } = props.near;
  const newest = (shownDevices.value.get(device.id) ?? device).properties.values.find((v) => v.value === value);
  const bounds = (device.properties.bounds?.[value] ?? []).flatMap((b) => (b.bound === null ? [] : [b.bound]));
  const name = device.properties.name;
  return (
    <li>
      <p>
        <button type="button" class="link" onClick={() => openThing("device", device.id)}>
          {name}
        </button>{" "}
        <span class="muted">{length(lang.value, distance)}</span>
        {newest && <b>{shownValue(newest)}</b>}
      </p>
      {newest?.text !== undefined ? null : points === null ? (
        <p class="muted">{d("sensorNoPast")}</p>
      ) : points.length === 0 ? (
        <p class="muted">{d("sensorEmpty")}</p>
      ) : (
        <Spark points={points} every={Math.max(60, device.properties.period)} from={props.to - twoHours} to={props.to} bounds={bounds} decimals={newest?.decimals ?? 1} label={`${name}: ${newest ? shownValue(newest) : ""}`} />
      )}
    </li>
  );
}

function Timeline(props: { card: Card }): JSX.Element {
  const { timeline, timeline_left_out: left } = props.card;
  return (
    <section>
      <h3>{d("timeline")}</h3>
      {left > 0 && <p class="muted">{d("timelineLeft", { n: left })}</p>}
      <ol class="timeline">
        {[...timeline].reverse().map((e, i) => (
          <Event key={i} e={e} />
        ))}
      </ol>
      <button
        type="button"
        class="plain"
        onClick={() => {
          audited.value = { ...audited.value, alert: props.card.alerts[0]?.id ?? "" };
          go({ view: "audit" });
        }}
      >
        {d("view_audit")}
      </button>
    </section>
  );
}

function Event(props: { e: IncidentEvent }): JSX.Element {
  const { e } = props;
  const at = Date.parse(e.at);
  return (
    <li>
      <time dateTime={e.at}>{times.value.since(lang.value, at, shownTime.value ?? at)}</time>
      <span>
        {coded("reason", e.reason, { level: e.level ?? "", to: teamName(e.to ?? "") })}
        {e.actor && <b> {e.actor}</b>}
        {e.note && <q>{e.note}</q>}
      </span>
    </li>
  );
}
