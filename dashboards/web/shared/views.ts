// The cameras as signals: what the API told of each, joined with what the stream tells.

import { computed, effect, signal } from "@preact/signals";
import { get } from "./api";
import { streamed, viewOf, works, type CameraView } from "./cameras";
import { devices, now, phase } from "./live";
import type { Camera, CameraCollection } from "./wire";

/** What the API told last: what does not change, and what the stream does not tell. */
export const cameras = signal<readonly Camera[]>([]);

export const views = computed<readonly CameraView[]>(() => {
  const at = now.value ?? 0;
  return cameras.value.map((c) => viewOf(c, devices.value.get(c.id), at));
});

export const working = computed(() => views.value.filter(works).length);

/** How often the API is asked again, in ms: usually, while one camera is looked at, and after a change of a state. */
const askEvery = 30_000;
const askOften = 5_000;
const askSoon = 500;

/** Keeps the cameras up to date, once the page has begun; oftener while one is looked at. */
export function followCameras(looking: () => boolean): void {
  let timer = 0;
  let known = "";
  const ask = async (): Promise<void> => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), looking() ? askOften : askEvery);
    if (phase.peek() === "lost") return;
    try {
      cameras.value = (await get<CameraCollection>("cameras", AbortSignal.timeout(askEvery))).features;
    } catch {
      // What is known stays: the stream tells how each camera is.
    }
  };
  effect(() => {
    if (looking()) void ask();
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
