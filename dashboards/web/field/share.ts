// Where my team is, for the centre: only while it answers an alert, only where
// whoever holds the phone has agreed, and never what was before.

import { computed, effect, signal } from "@preact/signals";
import { ApiError, post } from "../shared/api";
import { distance } from "../shared/cameras";
import { clock } from "../shared/live";
import { remember, remembered } from "../shared/memory";
import { me } from "./me";
import type { Fix } from "./queue";
import { current, list, myTeam, stageOf } from "./state";
import { fix, locate, locateOnce } from "./where";

export type Consent = "unasked" | "yes" | "no";

const key = "field.share";

function agreed(): Consent {
  const before = remembered(key);
  return before === "yes" || before === "no" ? before : "unasked";
}

export const consent = signal<Consent>(agreed());
/** The last that the centre was told, and when, in ms; undefined if nothing. */
export const told = signal<{ fix: Fix; at: number } | undefined>(undefined);
/** Why the last could not be told; empty if it could. */
export const shareFault = signal("");

/** Whether my team is on its way to an alert, or there. */
export const answering = computed(() => {
  const team = myTeam.value?.id;
  if (!team) return false;
  return list.value.some((a) => {
    const { stage, unsent } = stageOf(a);
    return (stage === "dispatched" || stage === "on_scene") && (a.properties.assigned === team || unsent);
  });
});

export function setConsent(next: Consent): void {
  consent.value = next;
  remember(key, next);
  shareFault.value = "";
  if (next !== "yes") told.value = undefined;
  else locate();
}

/** How often the centre is told of a team that moves, and of one that stays, in ms. */
const movingEvery = 10_000;
const stayingEvery = 60_000;
/** What is older is not where the team is, in ms. */
const oldest = 2 * 60_000;

/** Whether the centre is to be told of a position now. */
export function due(now: number, is: Fix, last: { fix: Fix; at: number } | undefined): boolean {
  if (now - is.time > oldest) return false;
  if (!last) return true;
  if (is.time <= last.fix.time) return false; // nothing new
  const far = distance(last.fix.at, is.at) > Math.max(20, is.accuracy);
  return now - last.at >= (far ? movingEvery : stayingEvery);
}

let sending = false;

async function tell(): Promise<void> {
  const team = myTeam.peek()?.id;
  const is = fix.peek();
  const person = me.peek()?.person;
  const now = Date.now();
  if (sending || !team || !person || consent.peek() !== "yes" || !answering.peek() || !current.peek()) return;
  if (!is || now - is.time > stayingEvery) locateOnce(); // who stands still is not told of by the watch
  if (!is || !due(now, is, told.peek())) return;
  sending = true;
  try {
    // By the server's clock: a phone's may be anywhere.
    const at = (clock.now() ?? now) - (now - is.time);
    await post(`teams/${encodeURIComponent(team)}/position`, {
      position: is.at,
      accuracy: is.accuracy,
      time: new Date(at).toISOString(),
      actor: person,
    });
    if (consent.peek() === "yes") told.value = { fix: is, at: now };
    shareFault.value = "";
  } catch (error) {
    if (error instanceof ApiError) shareFault.value = error.message; // without a signal: the next time
  } finally {
    sending = false;
  }
}

export function followShare(): void {
  window.setInterval(() => void tell(), 5000);
  effect(() => {
    void [fix.value, consent.value, current.value];
    if (!answering.value) told.value = undefined;
    else void tell();
  });
}
