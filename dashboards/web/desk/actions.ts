// What can be done about an alert, and doing it.

import { signal } from "@preact/signals";
import { ApiError, post } from "../shared/api";
import { operator, phase, takeAlert } from "../shared/live";
import { askOperator } from "../shared/operator";
import type { Alert, AlertProperties } from "../shared/wire";
import { moment } from "./hindsight";

export type Verb =
  | "acknowledge" | "assign" | "dispatch" | "on_scene" | "contained" | "close"
  | "false_alarm" | "note" | "shelve" | "unshelve" | "reset" | "out_of_service" | "back_in_service";

/** What an action asks for besides who does it. */
export interface Needs {
  key: string;
  note?: "must" | "may";
  to?: "must" | "may";
  from?: "may";
  until?: "must" | "may";
}

/** The verbs in the order of their buttons, each with the key that does it. */
export const verbs: Record<Verb, Needs> = {
  acknowledge: { key: "a" },
  assign: { key: "g", to: "must", note: "may" },
  dispatch: { key: "d", to: "must", note: "may" },
  on_scene: { key: "o", note: "may" },
  contained: { key: "c", note: "may" },
  close: { key: "x", note: "may" },
  false_alarm: { key: "f", note: "must" },
  note: { key: "n", note: "must", until: "may" },
  shelve: { key: "s", note: "must", until: "must" },
  unshelve: { key: "s" },
  reset: { key: "r" },
  out_of_service: { key: "m", note: "must", from: "may", until: "may" },
  back_in_service: { key: "m", note: "may" },
};

/** The alert that stands for a device being worked on. */
export const serviceRule = "out-of-service";

/** What can be done about an alert as it stands; the server has the last word. */
export function possible(p: AlertProperties): Verb[] {
  if (p.rule === serviceRule) return ["note", "back_in_service", "out_of_service"];
  const out: Verb[] = [];
  if (p.handling === "new") out.push("acknowledge");
  out.push("assign");
  const stages: Verb[] = ["dispatch", "on_scene", "contained"];
  const done: Record<string, number> = { dispatched: 1, on_scene: 2, contained: 3 };
  out.push(...stages.slice(done[p.handling] ?? 0));
  // A fire is latched: a panel that has burnt through goes quiet too.
  if (p.hazard === "fire" && p.condition === "active") out.push("reset");
  out.push("close", "false_alarm", "note");
  if (p.shelved) out.push("unshelve");
  else if (p.hazard !== "fire" && p.level < 4) out.push("shelve");
  if (p.device) out.push(p.out_of_service ? "back_in_service" : "out_of_service");
  return out;
}

/** Whether anything can be done at all: not in the past, and not without the server. */
export function ready(): boolean {
  return moment.value === undefined && phase.value === "live";
}

export interface Given {
  note?: string;
  to?: string;
  from?: string;
  until?: string;
  /** The version of the alert that stands for a device's window, where one is moved. */
  version?: number;
}

/** What came of the last action. */
export interface Outcome {
  alert: string;
  verb: Verb;
  state: "sending" | "done" | "quicker" | "refused" | "failed";
  /** Who was quicker; empty where it was a reading. */
  by?: string;
  /** The alert as it is now, where somebody was quicker. */
  now?: Alert;
  why?: string;
}
export const outcome = signal<Outcome | undefined>(undefined);

/** What is being asked for before an action is sent. */
export const asked = signal<{ alert: Alert; verb: Verb; to?: string } | undefined>(undefined);

/** Does it at once, or asks for what it needs first. */
export async function begin(alert: Alert, verb: Verb, team?: string): Promise<void> {
  if (!ready()) return;
  const { note, to, until } = verbs[verb];
  if (note || to || until) asked.value = team === undefined ? { alert, verb } : { alert, verb, to: team };
  else await act(alert, verb, {});
}

/** Carries an action out; whether it was. */
export async function act(alert: Alert, verb: Verb, given: Given): Promise<boolean> {
  const actor = operator.value || (await askOperator());
  if (!actor) return false;
  const { id, version, device } = alert.properties;
  const about = { alert: id, verb };
  outcome.value = { ...about, state: "sending" };
  const onDevice = verb === "out_of_service" || verb === "back_in_service";
  const path = onDevice ? `devices/${encodeURIComponent(device)}/${verb}` : `alerts/${encodeURIComponent(id)}/${verb}`;
  try {
    const after = await post<Alert>(path, { actor, ...(onDevice ? {} : { version }), ...given });
    takeAlert(after);
    outcome.value = { ...about, state: "done" };
    return true;
  } catch (error) {
    outcome.value = { ...about, ...failure(error) };
    return false;
  }
}

function failure(error: unknown): Omit<Outcome, "alert" | "verb"> {
  const why = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ApiError)) return { state: "failed", why };
  const { status, by, alert } = error.problem;
  if (status !== 409) return { state: status < 500 ? "refused" : "failed", why };
  if (!alert) return { state: "refused", why };
  takeAlert(alert);
  return { state: "quicker", by: by ?? "", now: alert, why };
}
