// The wall's map: keeps the province's map up to date with the signals.

import { effect, untracked } from "@preact/signals";
import { alerts, devices, now, province, sensors, zones } from "../shared/live";
import { ProvinceMap } from "../shared/map/canvas";
import { zoomFor } from "../shared/map/style";
import { theme } from "../shared/theme";
import { views } from "../shared/views";
import { openCamera } from "./cameras";
import { chooseAlert, chooseDevice, destination, shown } from "./state";

/** How near a chosen alert is shown. */
const nearZoom = 10.5;

/** Makes the map and keeps it up to date; returns what ends that. */
export async function showMap(box: HTMLElement, onFail: () => void): Promise<() => void> {
  const map = await ProvinceMap.create({
    box,
    onFail,
    nameOf: (a) => devices.peek().get(a.properties.device)?.properties.name ?? "",
    onPick: (hit) => {
      const alert = alerts.peek().find((a) => a.id === hit?.id);
      if (alert) chooseAlert(alert);
      else if (hit?.kind === "camera") openCamera.value = hit.id;
      else if (hit) chooseDevice(hit.id);
    },
  });
  let travelled: string | undefined;
  const ends = [
    effect(() => {
      if (theme.value) untracked(() => map.recolor());
    }),
    effect(() => {
      if (zones.value) map.zones(zones.value, province.value?.extent);
    }),
    effect(() => map.alerts(alerts.value)),
    effect(() => {
      if (province.value?.tiles) map.devicesFromTiles();
      else map.devices(sensors.value, now.value ?? 0);
    }),
    effect(() => map.cameras(views.value)),
    effect(() => {
      const device = shown.value?.device ?? "";
      map.mark(device, openCamera.value ?? device);
    }),
    effect(() => {
      const to = destination.value;
      const key = to ? `${to.key} ${to.at.join()}` : "";
      if (!zones.value || travelled === key) return;
      const animate = travelled !== undefined;
      travelled = key;
      if (to) map.goTo(to.at, zoomFor(nearZoom, map.scale), animate);
      else map.fit(province.peek()?.extent, animate);
    }),
  ];
  return () => {
    for (const end of ends) end();
    map.remove();
  };
}
