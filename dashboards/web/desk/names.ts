// What things are called, for lists, searching and filtering.

import { lang, zoneName } from "../shared/live";
import { teamName } from "../shared/teams";
import { textValue } from "../shared/words";
import { number, unit } from "../shared/format";
import type { Alert, Device, ValueProperties } from "../shared/wire";
import { shownDevices } from "./hindsight";

/** What an alert is of: its device, else its zone. */
export function placeOf(alert: Alert): string {
  const { device, zone } = alert.properties;
  if (!device) return zoneName(zone);
  return shownDevices.value.get(device)?.properties.name || device;
}

/** Everything by which an alert may be found. */
export function wordsOf(alert: Alert): string {
  const p = alert.properties;
  return [p.name.vi, p.name.en, placeOf(alert), zoneName(p.zone), p.device, p.assigned ?? "", teamName(p.assigned ?? ""), p.handled_by ?? "", p.id].join(" ");
}

export function deviceName(device: Device): string {
  return device.properties.name || device.id;
}

/** A value with its unit, as people read it. */
export function shownValue(v: ValueProperties): string {
  if (v.text) return textValue(lang.value, v.text);
  if (v.number === undefined) return "";
  const u = unit(lang.value, v.unit);
  return number(lang.value, v.number, v.decimals) + (u ? `\u00a0${u}` : "");
}

export function valueName(v: ValueProperties): string {
  return v.label?.[lang.value] || v.label?.vi || v.value;
}
