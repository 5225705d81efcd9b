// The page's copy of the present, kept up to date by the stream's frames.

import type { Alert, Device, Frame, Storm } from "./wire";

/** What a frame changed. */
export interface Change {
  alerts: boolean;
  devices: boolean;
  /** The alert that is new, or was raised to a higher level. */
  raised?: Alert;
}

export class World {
  readonly alerts = new Map<string, Alert>();
  readonly devices = new Map<string, Device>();
  /** undefined until the server told, or where it was not asked to. */
  storm: Storm | undefined;
  epoch = "";
  /** Every change of an alert up to this one is known. */
  seq = 0;

  apply(frame: Frame): Change {
    switch (frame.type) {
      case "snapshot":
        this.epoch = frame.epoch;
        this.seq = frame.seq;
        replace(this.alerts, frame.alerts);
        replace(this.devices, frame.devices);
        return { alerts: true, devices: true };
      case "resumed":
        this.epoch = frame.epoch;
        this.seq = frame.seq;
        replace(this.devices, frame.devices);
        return { alerts: false, devices: true };
      case "alert":
        return this.applyAlert(frame);
      case "devices":
        for (const device of frame.features) this.devices.set(device.id, device);
        for (const id of frame.removed ?? []) this.devices.delete(id);
        return { alerts: false, devices: true };
      case "storm":
        this.storm = frame;
        return { alerts: false, devices: false };
      case "heartbeat":
        this.seq = Math.max(this.seq, frame.seq);
        return { alerts: false, devices: false };
      default:
        // A newer server may say more than this page understands.
        return { alerts: false, devices: false };
    }
  }

  private applyAlert(frame: Extract<Frame, { type: "alert" }>): Change {
    if (frame.seq <= this.seq) return { alerts: false, devices: false };
    this.seq = frame.seq;
    const { feature } = frame;
    const before = this.alerts.get(feature.id);
    if (frame.removed || !feature.properties.open) {
      this.alerts.delete(feature.id);
      return { alerts: true, devices: false };
    }
    this.alerts.set(feature.id, feature);
    const raised = !before || feature.properties.level > before.properties.level;
    return raised ? { alerts: true, devices: false, raised: feature } : { alerts: true, devices: false };
  }
}

function replace<T extends { id: string }>(map: Map<string, T>, items: T[]): void {
  map.clear();
  for (const item of items) map.set(item.id, item);
}

/** The order in which alerts are read: the worst first, then the newest. */
export function worstFirst(a: Alert, b: Alert): number {
  return (
    b.properties.level - a.properties.level ||
    Date.parse(b.properties.since) - Date.parse(a.properties.since) ||
    (a.id < b.id ? -1 : 1)
  );
}

/** Whether something says that nobody is to be called about the alert. */
export function quiet(alert: Alert): boolean {
  const p = alert.properties;
  return !!(p.shelved || p.suppressed_by || p.out_of_service || p.flapping || p.retrospective);
}

/** Whether somebody is to look at the alert now. */
export function calls(alert: Alert): boolean {
  return unseen(alert) && !quiet(alert);
}

/** Whether nobody has seen the alert as it is now. */
export function unseen(alert: Alert): boolean {
  return alert.properties.handling === "new";
}
