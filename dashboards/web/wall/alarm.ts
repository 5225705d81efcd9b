// What the wall sounds: the highest level that nobody has seen, until somebody
// has.

import { computed, effect, signal } from "@preact/signals";
import { alerts, now, phase, storm } from "../shared/live";
import { repeatAfter, Siren, type SoundState } from "../shared/sound";
import type { Level } from "../shared/wire";
import { alarmOf } from "./loudest";

export const sound = signal<SoundState | "off">("off");
/** The level that sounds now, whether it can be heard or not. */
export const alarm = computed<Level | 0>(() => (phase.value === "live" ? alarmOf(alerts.value, storm.value, now.value ?? 0) : 0));
/** How often something could be heard. */
export const rung = signal(0);

let siren: Siren | undefined;

/** ?sound=off leaves it to another wall of the room. */
export function startAlarm(): void {
  if (new URLSearchParams(location.search).get("sound") === "off") return;
  siren = new Siren((state) => (sound.value = state));
  for (const event of ["pointerdown", "keydown"]) window.addEventListener(event, () => void siren?.wake(), { passive: true });
  let timer = 0;
  effect(() => {
    window.clearTimeout(timer);
    const level = alarm.value;
    if (level === 0) {
      siren?.hush();
      return;
    }
    const ring = (): void => {
      timer = window.setTimeout(ring, repeatAfter(level) * 1000);
      void siren?.play(level).then((heard) => {
        if (heard) rung.value = rung.peek() + 1;
      });
    };
    ring();
  });
  // Where it was barred and is so no longer, what is still open is heard at once.
  let before: SoundState | "off" = sound.peek();
  effect(() => {
    const state = sound.value;
    const level = alarm.peek();
    if (before === "blocked" && state === "on" && level > 0) void siren?.play(level as Level).then((heard) => heard && (rung.value = rung.peek() + 1));
    before = state;
  });
}
