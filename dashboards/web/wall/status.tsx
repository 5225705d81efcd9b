// The bar at the top and the strip at the bottom: whether what is shown can be
// believed.

import type { JSX } from "preact";
import { number } from "../shared/format";
import { unseen } from "../shared/world";
import type { Freshness, Level, Part } from "../shared/wire";
import { DeviceMark, LevelBadge } from "../shared/marks";
import { askOperator } from "../shared/operator";
import { Ago } from "../shared/ago";
import { setTheme, theme } from "../shared/theme";
import { alarm, rung, sound } from "./alarm";
import { touched } from "./state";
import { CameraCounts } from "./strip";
import { say, type WallWord } from "./words";
import { alerts, devices, freshness, health, lang, lastFrame, now, operator, phase, province, sensors, setLang, t, times } from "../shared/live";

export function TopBar(): JSX.Element {
  return (
    <header class="top">
      <div class="title">
        <h1>{province.value?.name ?? "citywatch"}</h1>
        <span class="muted">{t("title")}</span>
      </div>
      <LevelCounts />
      <SoundState />
      <Clock />
    </header>
  );
}

/** How many alerts of each level are open, the worst first. */
function LevelCounts(): JSX.Element {
  const levels: Level[] = [5, 4, 3, 2, 1];
  return (
    <ul class="levels" aria-label={t("alerts")}>
      {levels.map((level) => {
        const of = alerts.value.filter((a) => a.properties.level === level);
        const open = of.filter(unseen).length;
        return (
          <li key={level} class={of.length === 0 ? "none" : open > 0 ? "unseen" : "seen"}>
            <LevelBadge level={level} seen={open === 0} stale={false} label={t("level", { n: level })} />
            <span>{of.length}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** Whether alerts can be heard; barred sound is said where everybody sees it. */
function SoundState(): JSX.Element {
  const state = sound.value;
  const word = { on: "soundOn", off: "soundOff", none: "soundNone", blocked: "soundBlocked" }[state] as WallWord;
  return (
    <span class={`sound ${state}`} data-state={state} data-level={alarm.value} data-rung={rung.value} title={say(word)}>
      <svg viewBox="0 0 24 24" role="img" aria-label={say(word)}>
        <path d="M4 9v6h4l5 5V4L8 9z" />
        {state === "on" ? <path class="wave" d="M16 8.500a5 5 0 0 1 0 7M18.500 5.500a9 9 0 0 1 0 13" /> : <path class="wave" d="M16.500 9.500l5 5M21.500 9.500l-5 5" />}
      </svg>
      {state === "blocked" && <span>{say("soundBlocked")}</span>}
    </span>
  );
}

function Clock(): JSX.Element {
  const ms = now.value;
  const l = lang.value;
  return (
    <div class="clock" role="timer" aria-label={t("clock")}>
      <span class="time">{ms === undefined ? "--:--:--" : times.value.long(l, ms)}</span>
      <span class="muted">{ms === undefined ? "" : times.value.date(l, ms)}</span>
    </div>
  );
}

/** Says over everything that what is shown is no longer true. */
export function LostBanner(): JSX.Element | null {
  if (phase.value !== "lost" || lastFrame.value === undefined) return null;
  return (
    <div class="banner" role="alert">
      <strong>
        {t("lost")} — {t("lostSince", { time: times.value.long(lang.value, lastFrame.value) })}
      </strong>
      <span>
        {t("lostLong")} <Ago ms={lastFrame.value} />
      </span>
    </div>
  );
}

/** That none of it is real is said before everything else. */
export function ExerciseBanner(): JSX.Element | null {
  // The server of a drill puts a banner of its own on every page.
  if (document.getElementById("exercise") || (!health.value?.exercise && !alerts.value.some((a) => a.properties.exercise))) return null;
  return (
    <div class="banner exercise" role="status">
      <strong>{say("exercise")}</strong>
      <span>{say("exerciseLong")}</span>
    </div>
  );
}

export function StatusStrip(): JSX.Element {
  return (
    <footer class="strip" aria-label={t("statusLabel")}>
      <ConnectionState />
      <FreshnessCounts />
      {phase.value !== "lost" && <CameraCounts brief />}
      <Parts />
      {touched.value && <Buttons />}
    </footer>
  );
}

function Buttons(): JSX.Element {
  const other = theme.value === "dark" ? "light" : "dark";
  return (
    <>
      <button type="button" class="plain" onClick={() => void askOperator()}>
        {t("operator")}: {operator.value || t("operatorNone")}
      </button>
      <button type="button" class="plain" onClick={() => setTheme(other)}>
        {say(other)}
      </button>
      <button type="button" class="plain" lang={lang.value === "vi" ? "en" : "vi"} aria-label={t("langLabel")} onClick={() => setLang(lang.value === "vi" ? "en" : "vi")}>
        {t("lang")}
      </button>
    </>
  );
}

function ConnectionState(): JSX.Element {
  const p = phase.value;
  return (
    <span class={`connection ${p}`}>
      <i class="dot" aria-hidden="true" />
      {t(p)}
    </span>
  );
}

function FreshnessCounts(): JSX.Element | null {
  const counts = freshness.value;
  // Who reports cannot be known over a socket that is dead.
  if (!counts || phase.value === "lost") return null;
  const kinds: Freshness[] = ["fresh", "late", "silent", "never"];
  return (
    <span class="freshness">
      <span class="muted">
        {t("devices")} {number(lang.value, sensors.value.length, 0)}
      </span>
      {kinds.map((kind) => (
        <span key={kind} class={`kind ${kind} ${counts[kind] > 0 ? "some" : "none"}`}>
          <DeviceMark look={kind} />
          {`${number(lang.value, counts[kind], 0)} ${t(kind)}`}
        </span>
      ))}
    </span>
  );
}

function Parts(): JSX.Element {
  const h = health.value;
  if (!h) return <span class="parts unknown">{t("healthLost")}</span>;
  const lag = h.lags.reduce((most, l) => Math.max(most, l.entries), 0);
  return (
    <span class="parts">
      <span class={`part ${h.rate === undefined ? "unknown" : "ok"}`}>
        {say("rate")}: <b>{h.rate === undefined ? t("unknown") : say("ratePer", { n: number(lang.value, h.rate, h.rate < 10 ? 1 : 0) })}</b>
      </span>
      {h.sources.map((s) => (
        <PartState key={s.name} name={s.name} part={s} />
      ))}
      <PartState name={t("journal")} part={h.journal} extra={lag > 0 ? t("lag", { n: number(lang.value, lag, 0) }) : say("lagNone")} />
      <PartState name={t("store")} part={h.store} />
      <Canary />
      {h.unconfigured.length > 0 && (
        <span class="part unconfigured" title={h.unconfigured.map((u) => `${u.name}: ${t("level", { n: u.level })}`).join("\n")}>
          {t("unconfigured", { n: number(lang.value, h.unconfigured.length, 0) })}
        </span>
      )}
    </span>
  );
}

/** How long a message takes from a broker to here: citywatch sends itself one again and again. */
function Canary(): JSX.Element | null {
  const self = devices.value.get("citywatch");
  if (!self || now.value === undefined) return null;
  const last = self.properties.values.find((v) => v.value === "canary");
  const known = last?.number !== undefined && now.value - Date.parse(last.time) < 3 * self.properties.period * 1000;
  return (
    <span class={`part ${known ? "ok" : "unknown"}`} title={t("canaryLong")}>
      {t("canary")}: <b>{known ? `${number(lang.value, last.number! * 1000, 0)}\u00a0ms` : t("unknown")}</b>
    </span>
  );
}

function PartState(props: { name: string; part: Part; extra?: string }): JSX.Element {
  const { state, detail } = props.part;
  return (
    <span class={`part ${state}`} title={detail ?? ""}>
      {props.name}: <b>{t(state)}</b>
      {props.extra && ` (${props.extra})`}
    </span>
  );
}
