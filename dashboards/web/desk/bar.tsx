// The bar at the top: where one is, whether what is shown is true, and who is on duty.

import type { JSX } from "preact";
import { health, lang, lastFrame, now, operator, phase, province, setLang, t, times } from "../shared/live";
import { LevelBadge } from "../shared/marks";
import { askOperator } from "../shared/operator";
import { setTheme, theme } from "../shared/theme";
import { Ago } from "../shared/ago";
import type { Level } from "../shared/wire";
import { openHelp } from "./help";
import { shownAlerts } from "./hindsight";
import { countLevels } from "./list";
import { format, route, views } from "./route";
import { openSearch } from "./search";
import { d } from "./words";

export function Bar(): JSX.Element {
  return (
    <header class="bar">
      <h1>
        {province.value?.name ?? "citywatch"} <span class="muted">{d("desk")}</span>
      </h1>
      <nav aria-label={d("tabs")}>
        {views.map((view, i) => (
          <a key={view} href={format({ view })} aria-current={route.value.view === view ? "page" : undefined}>
            {d(`view_${view}`)} <kbd>{i + 1}</kbd>
          </a>
        ))}
      </nav>
      <Counts />
      <button type="button" class="plain search-open" onClick={openSearch}>
        {d("search")} <kbd>/</kbd>
      </button>
      <Who />
      <Clock />
    </header>
  );
}

function Counts(): JSX.Element {
  const counts = countLevels();
  const levels: Level[] = [5, 4, 3, 2, 1];
  return (
    <ul class="levels" aria-label={t("alerts")}>
      {levels.map((level) => {
        const n = counts.get(level);
        return (
          <li key={level} class={n ? (n.unseen > 0 ? "unseen" : "seen") : "none"}>
            <LevelBadge level={level} seen={!n || n.unseen === 0} stale={false} label={t("level", { n: level })} />
            <span>{n?.all ?? 0}</span>
          </li>
        );
      })}
    </ul>
  );
}

function Who(): JSX.Element {
  const other = lang.value === "vi" ? "en" : "vi";
  const themeWord = d(theme.value === "dark" ? "themeLight" : "themeDark");
  return (
    <div class="who">
      <button type="button" class="plain" title={d("honest")} onClick={() => void askOperator()}>
        <span class="muted">{t("operator")}:</span> <b>{operator.value || t("operatorNone")}</b>
      </button>
      <button type="button" class="plain" aria-label={themeWord} title={themeWord} onClick={() => setTheme(theme.value === "dark" ? "light" : "dark")}>
        ◐
      </button>
      <button type="button" class="plain" lang={other} aria-label={`${other.toUpperCase()}: ${t("langLabel")}`} title={t("lang")} onClick={() => setLang(other)}>
        {other.toUpperCase()}
      </button>
      <button type="button" class="plain" aria-label={d("helpOpen")} onClick={openHelp}>
        ?
      </button>
    </div>
  );
}

function Clock(): JSX.Element {
  const ms = now.value;
  return (
    <div class="clock" role="timer" aria-label={t("clock")}>
      <b>{ms === undefined ? "--:--:--" : times.value.long(lang.value, ms)}</b>
      <span class={`connection ${phase.value}`}>
        <i class="dot" aria-hidden="true" />
        {t(phase.value)}
      </span>
    </div>
  );
}

/** Says over everything that what is shown is no longer true. */
export function Banners(): JSX.Element {
  return (
    <>
      {(health.value?.exercise || shownAlerts.value.some((a) => a.properties.exercise)) && (
        <div class="banner exercise" role="status">
          <strong>{d("exercise")}</strong>
          <span>{d("exerciseLong")}</span>
        </div>
      )}
      {phase.value === "lost" && lastFrame.value !== undefined && (
        <div class="banner" role="alert">
          <strong>
            {t("lost")} — {t("lostSince", { time: times.value.long(lang.value, lastFrame.value) })}
          </strong>
          <span>
            {t("lostLong")} <Ago ms={lastFrame.value} />
          </span>
        </div>
      )}
    </>
  );
}
