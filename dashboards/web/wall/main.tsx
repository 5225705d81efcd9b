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
import "./wall.css";
import "./cameras.css";

import { render, type JSX } from "preact";
import { CameraPanel } from "./camera";
import { followCameras } from "../shared/views";
import { openCamera, showAll } from "./cameras";
import { DevicePanel } from "./device";
import { AlertList } from "./list";
import { MapPanel } from "./mappanel";
import { OperatorDialog } from "../shared/operator";
import { phase, start } from "../shared/live";
import { startTheme } from "../shared/theme";
import { returnWhenIdle, unpin } from "./state";
import { LostBanner, StatusStrip, TopBar } from "./status";
import { CameraStrip } from "./strip";

function Wall(): JSX.Element {
  return (
    <div class={`wall ${phase.value}`}>
      <TopBar />
      <LostBanner />
      <main>
        <div class="sight">
          <MapPanel />
          <CameraStrip />
          <CameraPanel />
        </div>
        <aside>
          <AlertList />
          <DevicePanel />
        </aside>
      </main>
      <StatusStrip />
      <OperatorDialog />
    </div>
  );
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (openCamera.value) openCamera.value = undefined;
  else if (showAll.value) showAll.value = false;
  else unpin();
});
startTheme("dark");
start();
returnWhenIdle();
followCameras(() => openCamera.value !== undefined);
const root = document.getElementById("app");
if (root) render(<Wall />, root);
