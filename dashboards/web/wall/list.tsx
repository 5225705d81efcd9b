// The list of open alerts.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ApiError, post } from "../shared/api";
import { Overlays } from "../shared/overlays";
import type { Word } from "../shared/words";
import { quiet, unseen } from "../shared/world";
import type { Alert } from "../shared/wire";
import { useBelow } from "./below";
import { roomy } from "./layout";
import { Measured } from "./measured";
import { StormList } from "./storm";
import { LevelBadge } from "../shared/marks";
import { askOperator } from "../shared/operator";
import { alerts, devices, freshness, lang, now, operator, phase, sensors, storm, t, takeAlert, times, zoneName } from "../shared/live";
import { chooseAlert, focus, touched } from "./state";

/** So many alerts have room; more are listed closer. */
const few = 5;

/** Every alert, or in a flood every place. */
export function AlertList(): JSX.Element {
  return storm.value?.on ? <StormList /> : <EachAlert />;
}

function EachAlert(): JSX.Element {
  const list = [...alerts.value].sort((a, b) => rank(a) - rank(b));
  const open = list.filter(unseen).length;
  const scroller = useRef<HTMLOListElement>(null);
  const below = useBelow(scroller, list);
  const going = focus.value?.key;
  useEffect(() => {
    scroller.current?.querySelector(".shown")?.scrollIntoView({ block: "nearest" });
  }, [going]);
  return (
    <section class={list.length > few && roomy.value !== "little" ? "alerts many" : "alerts"} aria-label={t("alerts")}>
      <header>
        <h2>{t("alerts")}</h2>
        <span class="count">{list.length}</span>
        {open > 0 && <span class="unseen-count">{`${open} ${t("unseen")}`}</span>}
      </header>
      {list.length === 0 ? (
        <Nothing />
      ) : (
        <>
          <ol aria-live="polite" ref={scroller} tabIndex={0}>
            {list.map((a) => (
              <li key={a.id}>
                <Card alert={a} />
              </li>
            ))}
          </ol>
          {below > 0 && (
            <button type="button" class="below" onClick={() => scroller.current?.scrollBy({ top: scroller.current.clientHeight * 0.8 })}>
              {t("below", { n: below })} ↓
            </button>
          )}
        </>
      )}
    </section>
  );
}

/** What calls comes before what somebody has seen, so that it is not below the edge; what nobody is called for comes last, whatever its level. */
function rank(alert: Alert): number {
  if (quiet(alert)) return 2;
  return unseen(alert) ? 0 : 1;
}

/** That no alert is open is said together with how much of the province is known. */
function Nothing(): JSX.Element | null {
  const counts = freshness.value;
  if (phase.value === "connecting" || !counts) return <p class="nothing">{t("connecting")}</p>;
  const all = sensors.value.length;
  const dark = counts.silent + counts.never;
  return (
    <div class="nothing">
      <p>{t("noAlerts")}</p>
      <p class="muted">{t("noAlertsLive", { fresh: counts.fresh, all })}</p>
      {dark > 0 && <p class="warn">{t("noAlertsSilent", { n: dark })}</p>}
    </div>
  );
}

function Card(props: { alert: Alert }): JSX.Element {
  const { alert } = props;
  const p = alert.properties;
  const device = devices.value.get(p.device)?.properties.name ?? (p.device || zoneName(p.zone));
  const classes = ["card", `level-${p.level}`, unseen(alert) ? "unseen" : "seen"];
  if (p.stale) classes.push("stale");
  if (p.condition === "normal") classes.push("over");
  if (quiet(alert)) classes.push("quiet");
  if (focus.value?.key === (p.incident ?? alert.id)) classes.push("shown");
  return (
    <article class={classes.join(" ")} data-alert={alert.id}>
      <button type="button" class="open" onClick={() => chooseAlert(alert)}>
        <LevelBadge level={p.level} seen={!unseen(alert)} stale={p.stale} label={t("level", { n: p.level })} />
        <span class="what">
          <span class="name">{p.name[lang.value]}</span>
          <span class="place">{device}</span>
          <States alert={alert} />
        </span>
        <Measured alert={alert} />
      </button>
      <Actions alert={alert} />
    </article>
  );
}

function States(props: { alert: Alert }): JSX.Element {
  const p = props.alert.properties;
  return (
    <span class="states">
      <Overlays alert={props.alert} />
      {p.condition === "recovering" && <span class="state">{t("recovering")}</span>}
      {p.condition === "normal" && <span class="state">{t("normal")}</span>}
      {p.handling !== "new" && (
        <span class="state handled">
          {p.handling === "acknowledged" && p.handled_by
            ? t("acknowledgedBy", { who: p.handled_by })
            : t(p.handling as Word)}
        </span>
      )}
      {p.device && <span class="zone">{zoneName(p.zone)}</span>}
      <Since ms={Date.parse(p.since)} />
    </span>
  );
}

function Since(props: { ms: number }): JSX.Element {
  const at = now.value ?? props.ms;
  return <span class="since">{t("since", { time: times.value.since(lang.value, props.ms, at) })}</span>;
}

/** What can be done about the alert: acknowledge it, and end a fire that is out. */
function Actions(props: { alert: Alert }): JSX.Element | null {
  const { hazard, condition } = props.alert.properties;
  if (!touched.value) return null;
  if (unseen(props.alert)) return <Action alert={props.alert} what="acknowledge" />;
  // A fire is latched: a panel that has burnt through goes quiet too.
  if (hazard === "fire" && condition === "active") return <Action alert={props.alert} what="reset" />;
  return null;
}

function Action(props: { alert: Alert; what: "acknowledge" | "reset" }): JSX.Element {
  const sending = useSignal(false);
  const trouble = useSignal("");
  const { alert, what } = props;
  const { name, version } = alert.properties;
  const send = async (): Promise<void> => {
    const actor = operator.value || (await askOperator());
    if (!actor) return;
    sending.value = true;
    trouble.value = "";
    try {
      takeAlert(await post<Alert>(`alerts/${encodeURIComponent(alert.id)}/${what}`, { actor, version }));
    } catch (error) {
      const refused = error instanceof ApiError && error.problem.status === 409;
      const why = error instanceof Error ? error.message : String(error);
      trouble.value = refused ? t(what === "reset" ? "notOver" : "changed") : t("failed", { why });
    } finally {
      sending.value = false;
    }
  };
  return (
    <div class={`action ${what}`}>
      <button
        type="button"
        disabled={sending.value || phase.value !== "live"}
        onClick={() => void send()}
        aria-label={`${t(what)}: ${name[lang.value]}`}
      >
        {t(sending.value ? "sending" : what)}
      </button>
      {trouble.value && <p role="alert">{trouble.value}</p>}
    </div>
  );
}
