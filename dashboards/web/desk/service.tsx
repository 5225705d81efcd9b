// Taking a device out of service, and bringing it back.

import type { JSX } from "preact";
import { d } from "./words";
import { alerts } from "../shared/live";
import type { Alert, Device } from "../shared/wire";
import { begin, outcome, ready, serviceRule, verbs } from "./actions";
import { inWords } from "./handle";

/** The alert that stands for the device's being worked on. */
export function serviceOf(id: string): Alert | undefined {
  return alerts.value.find((a) => a.properties.rule === serviceRule && a.properties.device === id);
}

/** An alert that is none: what an action on a device without alerts is about. */
export function aboutDevice(device: Device): Alert {
  const p = device.properties;
  return {
    type: "Feature", id: `device/${device.id}`, geometry: device.geometry,
    properties: {
      id: `device/${device.id}`, rule: "", name: { vi: p.name, en: p.name }, hazard: "", level: 1, condition: "normal", handling: "new",
      stale: false, open: true, zone: p.zone, sector: p.sector, device: device.id, since: "", updated: "", version: 0, evidence: [],
    },
  };
}

export function DeviceActions(props: { device: Device }): JSX.Element {
  const { device } = props;
  const service = serviceOf(device.id);
  const about = service ?? aboutDevice(device);
  const verb = service ? "back_in_service" : "out_of_service";
  const o = outcome.value;
  return (
    <section class="handling">
      <div class="buttons">
        <button type="button" class="plain" disabled={!ready()} onClick={() => void begin(about, verb)}>
          {d(`do_${verb}`)} <kbd>{verbs[verb].key.toUpperCase()}</kbd>
        </button>
      </div>
      <p class={`outcome ${o?.alert === about.id ? o.state : ""}`} role="status">
        {o?.alert === about.id ? inWords(o) : ""}
      </p>
    </section>
  );
}
