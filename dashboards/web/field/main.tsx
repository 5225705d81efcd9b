// The page for the field: a phone in the hand of whoever goes there.

import "@fontsource/be-vietnam-pro/400.css";
import "@fontsource/be-vietnam-pro/600.css";
import "@fontsource/be-vietnam-pro/700.css";
import "../shared/theme.css";
import "../shared/base.css";
import "../shared/marks.css";
import "./field.css";

import { effect } from "@preact/signals";
import { render, type JSX } from "preact";
import { start } from "../shared/live";
import { startTheme, theme } from "../shared/theme";
import { watchOver } from "./alarm";
import { followHeading } from "./heading";
import { Detail } from "./detail";
import { AlertList, OfflineBanner, Queue, TopBar } from "./list";
import { editing, me } from "./me";
import { followPush } from "./push";
import { installing, Settings } from "./settings";
import { Share } from "./sharing";
import { current, follow, show, shown } from "./state";
import { followShare } from "./share";
import { locateAgain } from "./where";

function Field(): JSX.Element {
  const alert = shown.value;
  const settings = editing.value || !me.value;
  return (
    <div class={`field ${current.value ? "live" : "lost"}`}>
      {me.value && <TopBar />}
      {me.value && <OfflineBanner />}
      <main>
        {!settings && <Queue />}
        {!settings && <Share />}
        {settings ? <Settings /> : alert ? <Detail key={alert.id} alert={alert} /> : <AlertList />}
      </main>
    </div>
  );
}

/** A phone shows its own bar in the page's colour. */
function colourBar(): void {
  effect(() => {
    document.querySelector('meta[name="theme-color"]')?.setAttribute("content", theme.value === "dark" ? "#11171c" : "#e7ecf0");
  });
}

function listen(): void {
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    const offer = event as Event & { prompt(): Promise<unknown> };
    installing.value = () => void offer.prompt().then(() => (installing.value = undefined));
  });
  navigator.serviceWorker?.addEventListener("message", (event: MessageEvent<{ alert?: string }>) => {
    if (event.data.alert !== undefined) show(event.data.alert || undefined);
  });
}

startTheme("system");
colourBar();
const zones = me.value?.zones ?? [];
const team = me.value?.team;
// What is given to my team comes with what is in my zones, wherever it is.
const filter = [...zones.map((zone) => ["zone", zone]), ...(zones.length > 0 && team ? [["team", team]] : [])];
start({ quiet: true, filter: filter.map(([key, value]) => `${key}=${encodeURIComponent(value ?? "")}`).join("&") });
follow();
listen();
watchOver();
locateAgain();
followShare();
followHeading();
followPush();
const root = document.getElementById("app");
if (root) render(<Field />, root);
