// The cameras of the wall, as signals: how each is, which come first, and
// which one is open.

import { computed, effect, signal } from "@preact/signals";
import { get } from "../shared/api";
import { inOrder, streamed, viewOf, works, type CameraView, type Focus, type Placed } from "../shared/cameras";
import type { Camera, CameraCollection } from "../shared/wire";
import { alerts, chosen, devices, now, phase, shown } from "./state";

/** What the API told last: what does not change, and what the stream does not tell. */
export const cameras = signal<readonly Camera[]>([]);

/** The camera that is shown large. */
export const openCamera = signal<string | undefined>(undefined);
/** Whether all cameras are shown instead of the map. */
export const showAll = signal(false);

/** Cameras that were seen waiting for somebody to watch: a wall, which always watches, would never let them rest. */
const resting = new Set<string>();

export const views = computed<readonly CameraView[]>(() => {
  const at = now.value ?? 0;
  return cameras.value.map((c) => viewOf(c, devices.value.get(c.id), at));
});

export const working = computed(() => views.value.filter(works).length);

/** What the cameras are shown about: what is chosen, else the worst alert. */
export const focus = computed<Focus | undefined>(() => {
  const device = shown.value?.device;
  if (!device) return undefined;
  const alert = alerts.value.find((a) => a.properties.device === device);
  if (!alert && !chosen.value) return undefined;
  return { device, at: (alert?.geometry ?? devices.value.get(device)?.geometry ?? cameraAt(device))?.coordinates };
});

function cameraAt(id: string): Camera["geometry"] {
  return cameras.value.find((c) => c.id === id)?.geometry ?? null;
}

export const ordered = computed<readonly Placed[]>(() => inOrder(views.value, focus.value));

/** Whether a camera should be asked for single pictures only. */
export function rests(view: CameraView): boolean {
  if (view.state === "idle") resting.add(view.camera.id);
  return resting.has(view.camera.id);
}

/** How often the API is asked again, in ms: usually, while one camera is looked at, and after a change of a state. */
const askEvery = 30_000;
const askOften = 5_000;
const askSoon = 500;

/** Keeps the cameras up to date, once the page has begun. */
export function followCameras(): void {
  let timer = 0;
  let known = "";
  const ask = async (): Promise<void> => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), openCamera.peek() ? askOften : askEvery);
    if (phase.peek() === "lost") return;
    try {
      cameras.value = (await get<CameraCollection>("cameras", AbortSignal.timeout(askEvery))).features;
    } catch {
      // What is known stays: the stream tells how each camera is.
    }
  };
  effect(() => {
    if (openCamera.value) void ask();
  });
  void ask();
  effect(() => {
    const states = cameras.value.map((c) => streamed(devices.value.get(c.id)) ?? "").join();
    if (states === known) return;
    known = states;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), askSoon);
  });
}
