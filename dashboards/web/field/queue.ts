// What was pressed and not yet answered. It is written down before anything is
// sent, under a key by which the server knows it again: so it is carried out
// once, whatever becomes of the signal, the page or the server in between.

import type { Alert, Problem } from "../shared/wire";
import { all, put, remove } from "./store";

export type Verb = "acknowledge" | "dispatch" | "on_scene" | "contained" | "note" | "photo";

/** Where the phone was. */
export interface Fix {
  at: [number, number];
  /** Metres. */
  accuracy: number;
  /** When it was there, ms. */
  time: number;
}

export interface Item {
  key: string;
  alert: string;
  /** The alert's name and level, to be shown when it is gone. */
  title: string;
  verb: Verb;
  version: number;
  actor: string;
  to?: string;
  note?: string;
  /** RFC 3339. */
  pressed: string;
  photo?: Blob;
  fix?: Fix;
  /** The server said no: a person decides. */
  refused?: { status: number; detail: string; by?: string; alert?: Alert };
}

const base = "api/v1/";
const timeout = 45_000;

/** The order in which things were pressed. */
function byTime(a: Item, b: Item): number {
  return a.pressed < b.pressed ? -1 : a.pressed > b.pressed ? 1 : 0;
}

export async function items(): Promise<Item[]> {
  return (await all<Item>("queue")).sort(byTime);
}

export async function keep(item: Item): Promise<void> {
  await put("queue", item.key, item);
}

export async function discard(key: string): Promise<void> {
  await remove("queue", key);
}

/** What came of sending one: it was taken, the server says no, or it is not known and comes again. */
type Outcome = { done: Alert | undefined } | { refused: NonNullable<Item["refused"]> } | "again";

async function send(item: Item): Promise<Outcome> {
  let response: Response;
  try {
    response = await fetch(`${base}alerts/${encodeURIComponent(item.alert)}/${item.verb === "photo" ? "photos" : item.verb}`, {
      method: "POST",
      headers: { "Idempotency-Key": item.key, ...(item.verb === "photo" ? {} : { "Content-Type": "application/json" }) },
      body: item.verb === "photo" ? form(item) : JSON.stringify(action(item)),
      signal: AbortSignal.timeout(timeout),
    });
  } catch {
    return "again";
  }
  // A login page of a proxy, a server that is busy or being started: it comes again.
  const json = (response.headers.get("Content-Type") ?? "").includes("json");
  if (!json || response.status >= 500 || response.status === 408 || response.status === 429 || response.status === 401) return "again";
  try {
    const body: unknown = await response.json();
    if (response.ok) return { done: item.verb === "photo" ? undefined : (body as Alert) };
    const problem = body as Problem & { by?: string; alert?: Alert };
    return {
      refused: {
        status: response.status,
        detail: problem.detail ?? problem.title,
        ...(problem.by ? { by: problem.by } : {}),
        ...(problem.alert ? { alert: problem.alert } : {}),
      },
    };
  } catch {
    return "again";
  }
}

function action(item: Item): Record<string, unknown> {
  const { actor, version, to, note, pressed } = item;
  return { actor, version, pressed, ...(to ? { to } : {}), ...(note ? { note } : {}) };
}

function form(item: Item): FormData {
  const data = new FormData();
  const { actor, note, pressed, fix } = item;
  const where = fix ? { position: fix.at, accuracy: fix.accuracy, located: new Date(fix.time).toISOString() } : {};
  data.append("about", JSON.stringify({ actor, taken: pressed, ...(note ? { note } : {}), ...where }));
  if (item.photo) data.append("photo", item.photo, "photo.jpg");
  return data;
}

/**
 * Sends what waits, the oldest first, and tells of each that is over. Only one
 * page, or the worker, does at a time. It stops at the first that finds no way.
 */
export async function flush(over: (item: Item, after: Alert | undefined) => void): Promise<void> {
  await navigator.locks.request("field-queue", { ifAvailable: true }, async (lock) => {
    if (!lock) return; // somebody else does it
    for (const item of await items()) {
      if (item.refused) continue;
      const outcome = await send(item);
      if (outcome === "again") return;
      if ("done" in outcome) {
        await discard(item.key);
        over(item, outcome.done);
      } else {
        const refused = { ...item, refused: outcome.refused };
        await keep(refused);
        over(refused, outcome.refused.alert);
      }
    }
  });
}
