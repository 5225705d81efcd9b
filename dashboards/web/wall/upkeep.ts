// What keeps a wall going that nobody looks after for months.

import { effect } from "@preact/signals";
import { health, now, phase } from "../shared/live";

/** The picture is moved so far, in rem, and so often, in ms, that nothing burns in. */
const shift = 0.25;
const shiftEvery = 60_000;
/** The way it goes, in shifts: everything is at every place for as long. */
const way = [[0, 0], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]] as const;
/** Walls of one room do not all begin anew at once, and not before the server has settled, in ms. */
const reloadAfter = 2_000;

/** Begins anew when the server has become another: its pages may speak differently from these. */
export function reloadWhenNew(reload: () => void = () => location.reload()): void {
  let first: string | undefined;
  let going = false;
  effect(() => {
    const build = health.value?.build;
    if (!build || phase.value !== "live") return;
    first ??= build;
    if (build === first || going) return;
    going = true;
    window.setTimeout(reload, reloadAfter * (0.5 + Math.random()));
  });
}

/** Moves the whole picture a little, by the server's time: walls beside each other stay in line. */
export function saveScreen(root: HTMLElement): void {
  let step = -1;
  effect(() => {
    const next = Math.floor((now.value ?? 0) / shiftEvery) % way.length;
    if (next === step) return;
    step = next;
    const [x, y] = way[next] ?? [0, 0];
    root.style.translate = `${x * shift}rem ${y * shift}rem`;
    root.dataset["shift"] = String(next);
  });
}
