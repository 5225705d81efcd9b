// The list of open alerts.

import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ApiError, post } from "../shared/api";
import { age, number, unit } from "../shared/format";
import { textValue, type Word } from "../shared/words";
import { unseen } from "../shared/world";
import type { Alert, Evidence } from "../shared/wire";
import { LevelBadge } from "./icons";
import { askOperator } from "./operator";
import { alerts, chooseAlert, devices, freshness, lang, now, operator, phase, shown, t, takeAlert, times, zoneName } from "./state";

export function AlertList(): JSX.Element {
  const list = alerts.value;
  const open = list.filter(unseen).length;
  return (
    <section class="alerts" aria-label={t("alerts")}>
      <header>
        <h2>{t("alerts")}</h2>
        <span class="count">{list.length}</span>
        {open > 0 && <span class="unseen-count">{`${open} ${t("unseen")}`}</span>}
      </header>
      {list.length === 0 ? (
        <Nothing />
      ) : (
        <ol aria-live="polite">
          {list.map((a) => (
            <li key={a.id}>
              <Card alert={a} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** That no alert is open is said together with how much of the province is known. */
function Nothing(): JSX.Element | null {
  const counts = freshness.value;
  if (phase.value === "connecting" || !counts) return <p class="nothing">{t("connecting")}</p>;
  const all = devices.value.size;
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
  const device = devices.value.get(p.device)?.properties.name ?? p.device;
  const classes = ["card", `level-${p.level}`, unseen(alert) ? "unseen" : "seen"];
  if (p.stale) classes.push("stale");
  if (p.condition === "normal") classes.push("over");
  if (shown.value?.device === p.device) classes.push("shown");
  return (
    <article class={classes.join(" ")} data-alert={alert.id}>
      <button type="button" class="open" onClick={() => chooseAlert(alert)}>
        <LevelBadge level={p.level} seen={!unseen(alert)} stale={p.stale} label={t("level", { n: p.level })} />
        <span class="what">
          <span class="name">{p.name[lang.value]}</span>
          <span class="place">
            {device} <span class="zone">{zoneName(p.zone)}</span>
          </span>
          <States alert={alert} />
        </span>
        <span class="figures">
          {p.evidence[0] && <Measured evidence={p.evidence[0]} />}
          <Since ms={Date.parse(p.since)} />
        </span>
      </button>
      {unseen(alert) && <Acknowledge alert={alert} />}
    </article>
  );
}

function States(props: { alert: Alert }): JSX.Element {
  const p = props.alert.properties;
  return (
    <span class="states">
      {p.stale && <span class="state no-signal">{t("stale")}</span>}
      {p.condition === "recovering" && <span class="state">{t("recovering")}</span>}
      {p.condition === "normal" && <span class="state">{t("normal")}</span>}
      {p.handling !== "new" && (
        <span class="state handled">
          {p.handling === "acknowledged" && p.handled_by
            ? t("acknowledgedBy", { who: p.handled_by })
            : t(p.handling as Word)}
        </span>
      )}
    </span>
  );
}

/** The measured value against its bound. The value is the one that the alert rests on, with its time. */
function Measured(props: { evidence: Evidence }): JSX.Element {
  const e = props.evidence;
  const l = lang.value;
  const described = devices.value.get(e.device)?.properties.values.find((v) => v.value === e.value);
  const decimals = described?.decimals ?? 2;
  const u = unit(l, e.unit ?? described?.unit);
  return (
    <span class="measured">
      <span class="value">
        {e.text ? textValue(l, e.text) : number(l, e.number, decimals)}
        {u && <small> {u}</small>}
      </span>
      {e.bound !== undefined && !e.text && (
        <span class="bound">
          {t("bound")} {number(l, e.bound, decimals)}
          {u && ` ${u}`}
        </span>
      )}
      <Ago ms={Date.parse(e.time)} class="age" />
    </span>
  );
}

/** How long ago something was; it ticks without its surroundings being drawn again. */
export function Ago(props: { ms: number; class?: string }): JSX.Element {
  const ms = useSignal(props.ms);
  ms.value = props.ms;
  const text = useComputed(() => (now.value === undefined ? "" : age(lang.value, now.value - ms.value)));
  return <span class={props.class ?? "age"}>{text}</span>;
}

function Since(props: { ms: number }): JSX.Element {
  const at = now.value ?? props.ms;
  return <span class="since">{t("since", { time: times.value.since(lang.value, props.ms, at) })}</span>;
}

function Acknowledge(props: { alert: Alert }): JSX.Element {
  const sending = useSignal(false);
  const trouble = useSignal("");
  const { id, properties } = props.alert;
  const send = async (): Promise<void> => {
    const actor = operator.value || (await askOperator());
    if (!actor) return;
    sending.value = true;
    trouble.value = "";
    try {
      takeAlert(await post<Alert>(`alerts/${encodeURIComponent(id)}/acknowledge`, { actor, version: properties.version }));
    } catch (error) {
      const changed = error instanceof ApiError && error.problem.status === 409;
      trouble.value = changed ? t("changed") : t("failed", { why: error instanceof Error ? error.message : String(error) });
    } finally {
      sending.value = false;
    }
  };
  return (
    <div class="acknowledge">
      <button
        type="button"
        disabled={sending.value || phase.value !== "live"}
        onClick={() => void send()}
        aria-label={`${t("acknowledge")}: ${properties.name[lang.value]}`}
      >
        {sending.value ? t("acknowledging") : t("acknowledge")}
      </button>
      {trouble.value && <p role="alert">{trouble.value}</p>}
    </div>
  );
}
