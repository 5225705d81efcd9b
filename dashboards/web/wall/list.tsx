// The list of open alerts.

import { useSignal } from "@preact/signals";
import type { JSX, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Ago } from "../shared/ago";
import { ApiError, post } from "../shared/api";
import { number, unit } from "../shared/format";
import { textValue, type Word } from "../shared/words";
import { unseen } from "../shared/world";
import type { Alert, Evidence } from "../shared/wire";
import { LevelBadge } from "../shared/marks";
import { askOperator } from "../shared/operator";
import { alerts, devices, freshness, lang, now, operator, phase, sensors, t, takeAlert, times, zoneName } from "../shared/live";
import { chooseAlert, destination, shown } from "./state";

/** So many alerts have room; more are listed closer. */
const roomy = 5;

export function AlertList(): JSX.Element {
  const list = alerts.value;
  const open = list.filter(unseen).length;
  const scroller = useRef<HTMLOListElement>(null);
  const below = useBelow(scroller, list);
  const going = destination.value;
  useEffect(() => {
    if (!going.at) scroller.current?.scrollTo({ top: 0 });
  }, [going]);
  return (
    <section class={list.length > roomy ? "alerts many" : "alerts"} aria-label={t("alerts")}>
      <header>
        <h2>{t("alerts")}</h2>
        <span class="count">{list.length}</span>
        {open > 0 && <span class="unseen-count">{`${open} ${t("unseen")}`}</span>}
      </header>
      {list.length === 0 ? (
        <Nothing />
      ) : (
        <>
          <ol aria-live="polite" ref={scroller}>
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

/** How many alerts lie below what can be seen: nobody scrolls a wall, so it says so. */
function useBelow(scroller: RefObject<HTMLOListElement | null>, list: readonly Alert[]): number {
  const below = useSignal(0);
  const seen = list.length > 0;
  useLayoutEffect(() => {
    const ol = scroller.current;
    if (!ol) {
      below.value = 0;
      return;
    }
    const count = (): void => {
      const bottom = ol.getBoundingClientRect().bottom;
      // An alert counts as seen when its upper half is.
      below.value = [...ol.children].filter((li) => {
        const box = li.getBoundingClientRect();
        return box.top + box.height / 2 > bottom;
      }).length;
    };
    count();
    const observer = new ResizeObserver(count);
    observer.observe(ol);
    ol.addEventListener("scroll", count, { passive: true });
    return () => {
      observer.disconnect();
      ol.removeEventListener("scroll", count);
    };
  }, [list, seen]);
  return below.value;
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
      <span class="zone">{zoneName(p.zone)}</span>
      <Since ms={Date.parse(p.since)} />
    </span>
  );
}

/**
 * The measured value against its bound, with its age. A number is the newest
 * of the device; a text is the one that raised the alert, because a fire panel
 * that says "normal" again has not put the fire out.
 */
function Measured(props: { alert: Alert }): JSX.Element {
  const e: Evidence | undefined = props.alert.properties.evidence[0];
  if (!e) return <span class="measured" />;
  const l = lang.value;
  const newest = devices.value.get(e.device)?.properties.values.find((v) => v.value === e.value);
  const current = !e.text && newest?.number !== undefined && Date.parse(newest.time) >= Date.parse(e.time);
  const decimals = newest?.decimals ?? 2;
  const u = unit(l, e.unit ?? newest?.unit);
  return (
    <span class="measured">
      <span class="value">
        {e.text ? textValue(l, e.text) : number(l, current ? newest.number! : e.number, decimals)}
        {u && <small> {u}</small>}
      </span>
      {e.bound !== undefined && !e.text && (
        <span class="bound">
          {t("bound")} {number(l, e.bound, decimals)}
        </span>
      )}
      <Ago ms={Date.parse(current ? newest.time : e.time)} />
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
