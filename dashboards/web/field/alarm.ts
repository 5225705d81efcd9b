// Sound, vibration and a screen that stays on, while the page is open.

import { effect, signal } from "@preact/signals";
import { remember, remembered } from "../shared/memory";
import type { Alert } from "../shared/wire";
import { unseen } from "../shared/world";
import { current, list } from "./state";

export const loud = signal(remembered("field.loud") !== "no");
export const awake = signal(remembered("field.awake") === "yes");

let audio: AudioContext | undefined;

/** A browser lets a page sound only after somebody has touched it. */
function prepare(): void {
  audio ??= new AudioContext();
  void audio.resume();
}

/** Three rising tones, and more of them the worse it is. */
export function sound(level: number): void {
  // Before the first touch a browser refuses, and complains.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(Array.from({ length: level * 2 - 1 }, (_, i) => (i % 2 ? 150 : 350)));
  if (!audio) return;
  for (let i = 0; i < level; i++) {
    for (const [j, pitch] of [660, 880, 1170].entries()) {
      const at = audio.currentTime + i * 0.7 + j * 0.16;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.type = "square";
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(0.25, at + 0.01);
      volume.gain.linearRampToValueAtTime(0, at + 0.15);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.16);
    }
  }
}

/** Whether people are called about it at all. */
export function quiet(alert: Alert): boolean {
  const p = alert.properties;
  return Boolean(p.shelved || p.suppressed_by || p.out_of_service || p.flapping || p.retrospective || p.to_verify);
}

let lock: WakeLockSentinel | undefined;

async function holdScreen(): Promise<void> {
  if (!awake.value || document.visibilityState !== "visible" || (lock && !lock.released)) return;
  try {
    lock = await navigator.wakeLock.request("screen");
  } catch {
    // The battery is low, or the browser cannot.
  }
}

export function setAwake(on: boolean): void {
  awake.value = on;
  remember("field.awake", on ? "yes" : "no");
  if (on) void holdScreen();
  else void lock?.release();
}

export function setLoud(on: boolean): void {
  loud.value = on;
  remember("field.loud", on ? "yes" : "no");
}

export function watchOver(): void {
  window.addEventListener("pointerdown", prepare, { passive: true });
  document.addEventListener("visibilitychange", () => void holdScreen());
  void holdScreen();
  let levels: Map<string, number> | undefined;
  effect(() => {
    const now = new Map(list.value.filter((a) => unseen(a) && !quiet(a)).map((a) => [a.id, a.properties.level]));
    const before = levels;
    if (!current.value) return;
    levels = now;
    if (!before) return; // what was there when the page was opened is seen, not heard
    const worst = Math.max(0, ...[...now].filter(([id, level]) => level > (before.get(id) ?? 0)).map(([, level]) => level));
    if (worst > 0 && loud.peek()) sound(worst);
  });
}
