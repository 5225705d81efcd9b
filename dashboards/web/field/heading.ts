// Which way the phone is held, where it knows: then an arrow can point. Without
// it the words alone say where something lies.

import { signal } from "@preact/signals";

/** Degrees clockwise from north of the phone's upper edge, in steps; undefined where that is not known now. */
export const heading = signal<number | undefined>(undefined);

/** A compass trembles: an arrow that does is not read. */
const step = 5;
/** A compass that has said nothing for so long, in ms, has stopped. */
const silent = 5000;

interface Apple {
  webkitCompassHeading?: number;
  webkitCompassAccuracy?: number;
}

/** What an event says, if it says it of north and not of how the phone lay at first. */
export function headingOf(event: Pick<DeviceOrientationEvent, "absolute" | "alpha"> & Apple, screenAngle: number): number | undefined {
  let degrees: number;
  if (typeof event.webkitCompassHeading === "number") {
    if ((event.webkitCompassAccuracy ?? 0) < 0) return undefined; // it wants to be calibrated
    degrees = event.webkitCompassHeading;
  } else if (event.absolute && event.alpha !== null) {
    degrees = 360 - event.alpha;
  } else {
    return undefined;
  }
  return (Math.round((degrees + screenAngle) / step) * step + 360) % 360;
}

let last = 0;

function turned(event: DeviceOrientationEvent): void {
  const next = headingOf(event, screen.orientation?.angle ?? 0);
  if (next === undefined) return;
  last = Date.now();
  heading.value = next;
}

/** Asks for it where a browser wants that, which it does only from a touch. */
export function askHeading(): void {
  const asking = (globalThis.DeviceOrientationEvent as unknown as { requestPermission?: () => Promise<string> } | undefined)?.requestPermission;
  void asking?.call(DeviceOrientationEvent).catch(() => undefined);
}

export function followHeading(): void {
  window.addEventListener("deviceorientationabsolute", turned as EventListener);
  window.addEventListener("deviceorientation", turned);
  window.setInterval(() => {
    if (heading.peek() !== undefined && Date.now() - last > silent) heading.value = undefined;
  }, 1000);
}
