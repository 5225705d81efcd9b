// Taking a device out of service, now or at a planned time, and bringing it back.

import type { JSX } from "preact";
import { alerts, lang, now, t, times, zoneName } from "../shared/live";
import type { Alert, Device, Maintenance } from "../shared/wire";
import { begin, outcome, ready, serviceRule, type Verb } from "./actions";
import { inWords, VerbButton } from "./handle";
import { shownAlerts, shownTime } from "./hindsight";
import { placeOf } from "./names";
import { openThing } from "./route";
import { d } from "./words";

/** The alert that stands for the device's being worked on, now or later. */
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

/** What the key for maintenance does about a device. */
export function switchService(device: Device): void {
  const service = serviceOf(device.id);
  void begin(service ?? aboutDevice(device), service ? "back_in_service" : "out_of_service");
}

/** When a window is, in words. */
export function windowText(window: Maintenance, planned: boolean): string {
  const at = shownTime.value ?? now.value ?? Date.parse(window.from);
  const time = (text: string): string => times.value.since(lang.value, Date.parse(text), at);
  const from = time(window.from);
  if (window.until) return d(planned ? "windowPlanned" : "windowUntil", { from, until: time(window.until) });
  return d(planned ? "windowPlannedOpen" : "windowOpen", { from });
}

export function DeviceActions(props: { device: Device }): JSX.Element {
  const { device } = props;
  const service = serviceOf(device.id);
  const about = service ?? aboutDevice(device);
  const can: Verb[] = service ? ["back_in_service", "out_of_service"] : ["out_of_service"];
  const o = outcome.value;
  const window = service?.properties.maintenance;
  return (
    <section class="handling">
      {service && window && (
        <p class="warn">
          {windowText(window, service.properties.condition === "pending")} <span class="muted">{service.properties.handled_by}</span>
        </p>
      )}
      <div class="buttons">
        {can.map((verb) => (
          <VerbButton key={verb} alert={about} verb={verb} />
        ))}
      </div>
      <p class={`outcome ${o?.alert === about.id ? o.state : ""}`} role="status">
        {o?.alert === about.id ? inWords(o) : ""}
      </p>
    </section>
  );
}

/** Every window that is, or is planned, the next end or beginning first. */
export function Windows(): JSX.Element {
  const next = (a: Alert): number => {
    const w = a.properties.maintenance;
    const at = a.properties.condition === "pending" ? w?.from : w?.until;
    return at ? Date.parse(at) : Infinity;
  };
  const list = shownAlerts.value.filter((a) => a.properties.rule === serviceRule).sort((a, b) => next(a) - next(b) || a.id.localeCompare(b.id));
  return (
    <section class="windows" aria-label={d("windows")}>
      <h3>
        {d("windows")} <span class="muted">{list.length}</span>
      </h3>
      {list.length === 0 ? (
        <p class="muted">{d("windowsNone")}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>{d("deviceName")}</th>
              <th>{d("devicePlace")}</th>
              <th>{d("windowWhen")}</th>
              <th>{t("operator")}</th>
              <th>{d("actions")}</th>
            </tr>
          </thead>
          <tbody>
            {list.map((a) => (
              <tr key={a.id}>
                <th scope="row">
                  <button type="button" class="link" onClick={() => openThing("device", a.properties.device)}>
                    {placeOf(a)}
                  </button>
                </th>
                <td>{zoneName(a.properties.zone)}</td>
                <td class={a.properties.condition === "pending" ? "" : "warn"}>
                  {a.properties.maintenance ? windowText(a.properties.maintenance, a.properties.condition === "pending") : d("outOfService")}
                </td>
                <td>{a.properties.handled_by}</td>
                <td class="buttons">
                  <button type="button" class="plain" disabled={!ready()} onClick={() => void begin(a, "out_of_service")}>
                    {d("do_move_window")}
                  </button>
                  <button type="button" class="plain" disabled={!ready()} onClick={() => void begin(a, "back_in_service")}>
                    {d(a.properties.condition === "pending" ? "do_call_off" : "do_back_in_service")}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
