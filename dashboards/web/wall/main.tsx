// The wall: what the people in the room see.

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
import "../shared/trend.css";
import "./wall.css";
import "./alerts.css";
import "./side.css";
import "./incident.css";
import "./device.css";
import "./cameras.css";
import "./narrow.css";

import { render, type JSX } from "preact";
import { Indicators } from "../shared/indicators";
import { phase, start } from "../shared/live";
import { OperatorDialog } from "../shared/operator";
import { startTheme } from "../shared/theme";
import { followCameras } from "../shared/views";
import { startAlarm } from "./alarm";
import { CameraPanel } from "./camera";
import { openCamera, showAll } from "./cameras";
import { followCard } from "./card";
import { DevicePanel } from "./device";
import { IncidentPanel } from "./incident";
import { followLayout, shownParts } from "./layout";
import { AlertList } from "./list";
import { MapPanel } from "./mappanel";
import { Side } from "./sectorpanels";
import { chosen, focused, followTouch, touched, unpin } from "./state";
import { ExerciseBanner, LostBanner, StatusStrip, TopBar } from "./status";
import { StormBanner } from "./storm";
import { CameraStrip } from "./strip";
import { reloadWhenNew, saveScreen } from "./upkeep";

function Wall(): JSX.Element {
  const parts = shownParts.value;
  const upper = parts.has("map") || parts.has("alerts");
  return (
    <div class={`wall ${phase.value}${touched.value ? " touched" : ""}`}>
      <TopBar />
      <ExerciseBanner />
      <LostBanner />
      <StormBanner />
      <main class={upper ? "" : "no-upper"}>
        <Side />
        <div class="center">
          {upper && (
            <div class="upper">
              {parts.has("map") && (
                <div class="sight">
                  <MapPanel />
                  <CameraPanel />
                </div>
              )}
              {parts.has("alerts") && <AlertList />}
            </div>
          )}
          {parts.has("indicators") && <Indicators />}
          <Lower />
        </div>
      </main>
      {parts.has("status") && <StatusStrip />}
      <OperatorDialog />
    </div>
  );
}

/** Below the map: the device somebody chose, else the incident that calls, else the cameras. */
function Lower(): JSX.Element | null {
  const parts = shownParts.value;
  if (chosen.value) return <DevicePanel />;
  if (focused.value && parts.has("incident") && !showAll.value) return <IncidentPanel />;
  return parts.has("cameras") ? <CameraStrip /> : null;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (openCamera.value) openCamera.value = undefined;
  else if (showAll.value) showAll.value = false;
  else unpin();
});
startTheme("dark");
followLayout();
start({ storm: true });
followTouch();
followCameras(() => openCamera.value !== undefined);
followCard();
startAlarm();
reloadWhenNew();
const root = document.getElementById("app");
if (root) {
  saveScreen(root);
  render(<Wall />, root);
}
