// The tourism office's page: which points work, whether their pictures can be
// used, how busy they were, what is recorded, and what of it is public.

import "@fontsource/be-vietnam-pro/400.css";
import "@fontsource/be-vietnam-pro/600.css";
import "@fontsource/be-vietnam-pro/700.css";
import "../shared/theme.css";
import "../shared/base.css";
import "../shared/marks.css";
import "../shared/camera/tile.css";
import "../shared/indicators.css";
import "./tourism.css";

import { render, type JSX } from "preact";
import { lang, lastFrame, now, phase, province, setLang, start, t, times } from "../shared/live";
import { OperatorDialog } from "../shared/operator";
import { setTheme, startTheme, theme } from "../shared/theme";
import { followCameras } from "../shared/views";
import { Gallery } from "./gallery";
import { Point } from "./point";
import { ReportPage } from "./report";
import { followStandings, route } from "./state";
import { tt } from "./words";

function Page(): JSX.Element {
  const at = route.value;
  return (
    <div class={`tourism ${phase.value}`}>
      <Top />
      {phase.value === "lost" && lastFrame.value !== undefined && (
        <p class="banner" role="alert">
          {tt("lost", { time: times.value.long(lang.value, lastFrame.value) })}
        </p>
      )}
      {at.page === "gallery" && <Gallery />}
      {at.page === "point" && <Point id={at.id} />}
      {at.page === "report" && <ReportPage week={at.week} />}
      <OperatorDialog />
    </div>
  );
}

function Top(): JSX.Element {
  const l = lang.value;
  const at = route.value.page;
  return (
    <header class="top">
      <div class="name">
        <h1>{tt("title")}</h1>
        <span class="muted">{province.value?.name}</span>
      </div>
      <nav>
        <a href="#/" aria-current={at === "report" ? undefined : "page"}>
          {tt("gallery")}
        </a>
        <a href="#/report" aria-current={at === "report" ? "page" : undefined}>
          {tt("report")}
        </a>
      </nav>
      <div class="tools">
        <span class="clock" role="timer" aria-label={t("clock")}>
          {now.value === undefined ? "--:--" : times.value.short(l, now.value)}
        </span>
        <button type="button" class="plain" onClick={() => setTheme(theme.value === "dark" ? "light" : "dark")}>
          {tt(theme.value === "dark" ? "toLight" : "toDark")}
        </button>
        <button type="button" class="plain" lang={l === "vi" ? "en" : "vi"} aria-label={t("langLabel")} onClick={() => setLang(l === "vi" ? "en" : "vi")}>
          {t("lang")}
        </button>
      </div>
    </header>
  );
}

startTheme("system");
start();
followCameras(() => route.value.page === "point");
followStandings();
lang.subscribe(() => (document.title = `${tt("title")} · citywatch`));
const root = document.getElementById("app");
if (root) render(<Page />, root);
