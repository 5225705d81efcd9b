// The map's place on the page. MapLibre is loaded apart: the list of alerts
// does not wait for it, and is there when this machine cannot draw a map.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { cameras } from "../shared/views";
import { CameraMark, DeviceMark } from "../shared/marks";
import { t } from "../shared/live";
import { destination, touched, unpin } from "./state";
import { cameraWord } from "../shared/tile";

const failed = signal(false);

export function MapPanel(): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let dispose = (): void => {};
    let gone = false;
    void (async () => {
      try {
        const { showMap } = await import("./map");
        if (gone || !box.current) return;
        dispose = await showMap(box.current, () => (failed.value = true));
      } catch (error) {
        failed.value = true;
        console.warn("map:", error);
      }
    })();
    return () => {
      gone = true;
      dispose();
    };
  }, []);
  return (
    <section class="map" aria-label={t("mapLabel")} data-at={destination.value?.at.join(" ") ?? ""}>
      <div class="canvas" ref={box} />
      {failed.value && <p class="failed">{t("mapFailed")}</p>}
      {touched.value && (
        <button type="button" class="home" onClick={() => unpin(true)}>
          {t("home")}
        </button>
      )}
      <Legend />
    </section>
  );
}

function Legend(): JSX.Element {
  return (
    <ul class="legend" aria-label={t("legend")}>
      {(["fresh", "late", "silent", "never"] as const).map((look) => (
        <li key={look}>
          <DeviceMark look={look} />
          {t(look)}
        </li>
      ))}
      {cameras.value.length > 0 &&
        (["online", "frozen", "off"] as const).map((look) => (
          <li key={look}>
            <CameraMark look={look} />
            {t(cameraWord(look))}
          </li>
        ))}
    </ul>
  );
}
