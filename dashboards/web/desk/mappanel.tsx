// The map of the desk: what passes the filter, at the moment that is shown.

import { effect, signal, untracked } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ProvinceMap } from "../shared/map/canvas";
import { province, t, zones } from "../shared/live";
import { CameraMark, DeviceMark } from "../shared/marks";
import { theme } from "../shared/theme";
import { cameras } from "../shared/views";
import { cameraWord } from "../shared/tile";
import { filter } from "./filter";
import { moment, shownAlerts, shownDevices, shownSensors, shownTime, shownViews } from "./hindsight";
import { placeOf } from "./names";
import { chosen, go, openThing } from "./route";
import { listed } from "./select";

const failed = signal(false);
const map = signal<ProvinceMap | undefined>(undefined);

export function MapPanel(): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let dispose = (): void => {};
    let gone = false;
    void (async () => {
      try {
        const { ProvinceMap } = await import("../shared/map/canvas");
        if (gone || !box.current) return;
        const made = await ProvinceMap.create({
          box: box.current,
          onFail: () => (failed.value = true),
          nameOf: placeOf,
          onPick: (hit) => {
            if (hit) openThing(hit.kind, hit.id);
          },
        });
        if (gone) {
          made.remove();
          return;
        }
        map.value = made;
        const stop = follow(made);
        dispose = () => {
          stop();
          map.value = undefined;
          made.remove();
        };
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
    <section class={`map ${moment.value === undefined ? "" : "then"}`} aria-label={t("mapLabel")}>
      <div class="canvas" ref={box} />
      {failed.value && <p class="failed">{t("mapFailed")}</p>}
      <button type="button" class="home" onClick={home}>
        {t("home")}
      </button>
      <Legend />
    </section>
  );
}

function home(): void {
  go({ view: "overview" });
  map.peek()?.fit(undefined);
}

/** How near what was chosen is shown. */
const nearZoom = 10.3;

/** Keeps the map up to date; returns what ends that. */
function follow(m: ProvinceMap): () => void {
  const stops = [
    effect(() => {
      if (!zones.value) return;
      m.zones(zones.value, province.value?.extent);
      untracked(() => m.fit(undefined, false));
    }),
    effect(() => m.alerts(listed.value)),
    effect(() => {
      const at = shownTime.value;
      if (at !== undefined) m.devices(shownSensors.value, at, moment.value !== undefined);
    }),
    effect(() => m.cameras(shownViews.value)),
    effect(() => {
      void theme.value;
      untracked(() => m.recolor());
    }),
    effect(() => {
      const c = chosen.value;
      const alert = c?.kind === "alert" ? untracked(() => shownAlerts.value.find((a) => a.id === c.id)) : undefined;
      m.mark(alert?.properties.device ?? (c?.kind === "device" ? c.id : ""), c?.kind === "camera" ? c.id : "");
      const at = alert ? m.whereIs(alert) : c && untracked(() => placeAt(c.kind, c.id));
      if (at) m.goTo(at, nearZoom + Math.log2(m.scale));
    }),
    effect(() => {
      const { zone } = filter.value;
      const found = zone && untracked(() => zones.value?.features.find((z) => z.id === zone));
      if (!found) return;
      const points = found.geometry.coordinates.flat(2);
      const lon = points.map((p) => p[0]);
      const lat = points.map((p) => p[1]);
      m.fit([Math.min(...lon), Math.min(...lat), Math.max(...lon), Math.max(...lat)]);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function placeAt(kind: string, id: string): [number, number] | undefined {
  if (kind === "device") return shownDevices.value.get(id)?.geometry?.coordinates;
  return cameras.value.find((c) => c.id === id)?.geometry?.coordinates;
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
