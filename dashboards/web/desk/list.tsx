// The list of alerts at the moment that is shown.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { age, number, unit } from "../shared/format";
import { freshness, lang, now, phase, sensors, t, times, zoneName } from "../shared/live";
import { LevelBadge } from "../shared/marks";
import { teamName } from "../shared/teams";
import { textValue } from "../shared/words";
import { unseen } from "../shared/world";
import type { Alert, AlertProperties } from "../shared/wire";
import { Filters } from "./filters";
import { moment, past, shownAlerts, shownDevices, shownTime, told } from "./hindsight";
import { placeOf } from "./names";
import { chosen, openThing } from "./route";
import { hidden, listed } from "./select";
import { windowText } from "./service";
import { coded, d } from "./words";

export function AlertList(): JSX.Element {
  const list = listed.value;
  const open = list.filter(unseen).length;
  const at = moment.value;
  return (
    <section class="alerts" aria-label={t("alerts")}>
      <header>
        <h2>{at === undefined ? d("listTitle") : d("listPast", { time: times.value.since(lang.value, at, shownTime.value ?? at) })}</h2>
        <span class="count">{list.length}</span>
        {open > 0 && <span class="unseen-count">{d("listUnseen", { n: open })}</span>}
      </header>
      <Filters />
      {list.length === 0 ? <Nothing /> : <Rows list={list} />}
    </section>
  );
}

function Rows(props: { list: readonly Alert[] }): JSX.Element {
  const box = useRef<HTMLOListElement>(null);
  const c = chosen.value;
  useEffect(() => {
    box.current?.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }, [c?.id]);
  return (
    <ol ref={box}>
      {props.list.map((a) => (
        <li key={a.id}>
          <Row alert={a} chosen={c?.kind === "alert" && c.id === a.id} />
        </li>
      ))}
    </ol>
  );
}

/** That nothing is open is said together with how much is known. */
function Nothing(): JSX.Element {
  if (hidden.value.all > 0) return <p class="nothing warn">{d("filterNothing", { n: hidden.value.all })}</p>;
  if (moment.value !== undefined) {
    if (told.value.state === "loading" && !past.value) return <p class="nothing">{d("loading")}</p>;
    if (told.value.state === "failed") return <p class="nothing warn">{d("pastFailed", { why: told.value.why })}</p>;
    if (past.value?.alerts === null) return <p class="nothing warn">{d("pastNoAlerts", { since: times.value.since(lang.value, Date.parse(past.value.since), now.value ?? 0) })}</p>;
    return <p class="nothing">{t("noAlerts")}</p>;
  }
  const counts = freshness.value;
  if (phase.value === "connecting" || !counts) return <p class="nothing">{t("connecting")}</p>;
  const dark = counts.silent + counts.never;
  return (
    <div class="nothing">
      <p>{t("noAlerts")}</p>
      <p class="muted">{t("noAlertsLive", { fresh: counts.fresh, all: sensors.value.length })}</p>
      {dark > 0 && <p class="warn">{t("noAlertsSilent", { n: dark })}</p>}
    </div>
  );
}

function Row(props: { alert: Alert; chosen: boolean }): JSX.Element {
  const { alert } = props;
  const p = alert.properties;
  const classes = ["card", `level-${p.level}`, unseen(alert) ? "unseen" : "seen"];
  if (p.condition === "normal") classes.push("over");
  const at = shownTime.value ?? Date.parse(p.since);
  return (
    <button
      type="button"
      class={classes.join(" ")}
      data-alert={alert.id}
      aria-current={props.chosen}
      onClick={() => openThing("alert", alert.id)}
    >
      <LevelBadge level={p.level} seen={!unseen(alert)} stale={p.stale} label={t("level", { n: p.level })} />
      <span class="what">
        <span class="name">{p.name[lang.value]}</span>
        <span class="place">{placeOf(alert)}</span>
        <States p={p} since={times.value.since(lang.value, Date.parse(p.since), at)} />
      </span>
      <Measured alert={alert} />
    </button>
  );
}

/** What is to be known of an alert besides its level, in a few words each. */
export function States(props: { p: AlertProperties; zone?: boolean; since?: string }): JSX.Element {
  const { p } = props;
  const l = lang.value;
  const at = shownTime.value ?? 0;
  return (
    <span class="states">
      {p.exercise && <span class="state loud">{d("exercise")}</span>}
      {p.stale && <span class="state loud">{t("stale")}</span>}
      {p.to_verify && <span class="state loud">{d("toVerify")}</span>}
      {p.retrospective && <span class="state">{d("retrospective")}</span>}
      {p.condition !== "active" && !p.maintenance && <span class="state">{coded("condition", p.condition)}</span>}
      {p.handling !== "new" && (
        <span class="state">
          {coded("handling", p.handling)}
          {p.handled_by ? `: ${p.handled_by}` : ""}
        </span>
      )}
      {p.assigned && <span class="state">{d("assignedTo", { team: teamName(p.assigned) })}</span>}
      {p.shelved && <span class="state">{d("shelvedUntil", { time: times.value.since(l, Date.parse(p.shelved.until), at) })}</span>}
      {p.suppressed_by && <span class="state">{d("suppressedBy")}</span>}
      {p.out_of_service && <span class="state">{d("outOfService")}</span>}
      {p.maintenance && <span class="state">{windowText(p.maintenance, p.condition === "pending")}</span>}
      {p.flapping && <span class="state">{d("flapping")}</span>}
      {(p.escalation ?? 0) > 0 && p.handling === "new" && <span class="state loud">{d("escalated", { n: p.escalation ?? 0 })}</span>}
      {props.zone !== false && (
        <span class="zone">
          {zoneName(p.zone)}
          {props.since && ` · ${props.since}`}
        </span>
      )}
    </span>
  );
}

/** The newest number of what the alert rests on, with its age at the time shown. */
function Measured(props: { alert: Alert }): JSX.Element | null {
  const e = props.alert.properties.evidence[0];
  if (!e) return null;
  const l = lang.value;
  const newest = shownDevices.value.get(e.device)?.properties.values.find((v) => v.value === e.value);
  const current = !e.text && newest?.number !== undefined && Date.parse(newest.time) >= Date.parse(e.time);
  const decimals = newest?.decimals ?? 2;
  const u = unit(l, e.unit ?? newest?.unit);
  const when = Date.parse(current ? newest.time : e.time);
  const at = shownTime.value;
  return (
    <span class="measured">
      <b>{e.text ? textValue(l, e.text) : number(l, current ? newest.number! : e.number, decimals)}</b>
      {u && !e.text && <small> {u}</small>}
      {at !== undefined && <span class="age">{age(l, at - when)}</span>}
    </span>
  );
}

/** How many alerts are open by level, for the bar. */
export function countLevels(): Map<number, { all: number; unseen: number }> {
  const out = new Map<number, { all: number; unseen: number }>();
  for (const a of shownAlerts.value) {
    const { level } = a.properties;
    const n = out.get(level) ?? { all: 0, unseen: 0 };
    out.set(level, { all: n.all + 1, unseen: n.unseen + (unseen(a) ? 1 : 0) });
  }
  return out;
}
