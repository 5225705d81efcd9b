// The cameras of the wall, as signals: how each is, which come first, and
// which one is open.

import { computed, signal } from "@preact/signals";
import { inOrder, type CameraView, type Focus, type Placed } from "../shared/cameras";
import { devices } from "../shared/live";
import { cameras, views } from "../shared/views";
import type { Camera } from "../shared/wire";
import { destination, shown } from "./state";

/** The camera that is shown large. */
export const openCamera = signal<string | undefined>(undefined);
/** Whether all cameras are shown instead of the map. */
export const showAll = signal(false);

/** What the cameras are shown about: what is chosen, else what the wall looks at. */
export const focus = computed<Focus | undefined>(() => {
  const device = shown.value?.device ?? "";
  const at = destination.value?.at ?? (device ? (devices.value.get(device)?.geometry ?? cameraAt(device))?.coordinates : undefined);
  return device || at ? { device, at } : undefined;
});

function cameraAt(id: string): Camera["geometry"] {
  return cameras.value.find((c) => c.id === id)?.geometry ?? null;
}

export const ordered = computed<readonly Placed[]>(() => inOrder(views.value, focus.value));

/** Whether a camera should be asked for single pictures only: a wall, which always watches, would never let it rest. */
export function rests(view: CameraView): boolean {
  return view.camera.properties.on_demand;
}
