// The desk: where operators work.

import "@fontsource/be-vietnam-pro/400.css";
import "@fontsource/be-vietnam-pro/600.css";
import "@fontsource/be-vietnam-pro/700.css";
import "maplibre-gl/dist/maplibre-gl.css";
import "uplot/dist/uPlot.min.css";
import "../shared/camera/tile.css";
import "../shared/theme.css";
import "../shared/base.css";
import "../shared/marks.css";
import "../shared/indicators.css";
import "./desk.css";
import "./detail.css";
import "./pages.css";

import { render, type JSX } from "preact";
import { phase, start } from "../shared/live";
import { OperatorDialog } from "../shared/operator";
import { startTheme } from "../shared/theme";
import { followCameras } from "../shared/views";
import { Banners, Bar } from "./bar";
import { Detail } from "./detail";
import { ActionDialog } from "./handle";
import { HelpDialog, startKeys } from "./help";
import { moment, startHindsight } from "./hindsight";
import { AlertList } from "./list";
import { MapPanel } from "./mappanel";
import { pages } from "./pages";
import { DuePromises } from "./promises";
import { chosen, route, startRoute } from "./route";
import { Scrubber } from "./scrub";
import { SearchDialog } from "./search";

function Desk(): JSX.Element {
  const { view } = route.value;
  const classes = ["desk", phase.value, moment.value === undefined ? "now" : "then"];
  if (chosen.value) classes.push("choosing");
  return (
    <div class={classes.join(" ")}>
      <Bar />
      <Banners />
      <DuePromises />
      {view === "overview" ? (
        <main class="overview">
          <AlertList />
          <MapPanel />
          <Detail />
        </main>
      ) : (
        <main class="page">{pages[view]()}</main>
      )}
      <Scrubber />
      <OperatorDialog />
      <ActionDialog />
      <SearchDialog />
      <HelpDialog />
    </div>
  );
}

startTheme("system");
start();
startRoute();
startHindsight();
startKeys();
followCameras(() => chosen.value?.kind === "camera");
const root = document.getElementById("app");
if (root) render(<Desk />, root);
