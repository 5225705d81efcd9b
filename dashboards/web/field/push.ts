// Being told while the page is closed: the browser's subscription, and the server's.

import { effect, signal } from "@preact/signals";
import { ApiError, post } from "../shared/api";
import { lang } from "../shared/live";
import { me } from "./me";
import { centre, current } from "./state";
import { put, remove, take } from "./store";

export type Pushing = "unknown" | "insecure" | "unsupported" | "denied" | "off" | "working" | "on";

export const pushing = signal<Pushing>("unknown");
export const pushFault = signal("");
export const tried = signal(false);
let id = "";

function able(): Pushing | undefined {
  if (!window.isSecureContext) return "insecure";
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return "unsupported";
  return Notification.permission === "denied" ? "denied" : undefined;
}

async function registration(): Promise<ServiceWorkerRegistration> {
  return navigator.serviceWorker.ready;
}

/** What the server is told of this phone; the worker needs it too. */
function wish(subscription: PushSubscription): Record<string, unknown> {
  const m = me.value;
  return { ...pick(subscription), person: m?.person ?? "", team: m?.team ?? "", zones: m?.zones ?? [], level: m?.level ?? 1, lang: lang.value };
}

function pick(subscription: PushSubscription): { endpoint: string; keys: unknown } {
  const { endpoint, keys } = subscription.toJSON();
  return { endpoint: endpoint ?? subscription.endpoint, keys };
}

async function tell(subscription: PushSubscription): Promise<void> {
  const body = wish(subscription);
  const answer = await post<{ id: string }>("push/subscriptions", body);
  id = answer.id;
  await put("settings", "push", body);
  pushing.value = "on";
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export async function turnOn(): Promise<void> {
  const key = centre.value?.push;
  pushFault.value = "";
  if (!key) return;
  pushing.value = "working";
  try {
    if ((await Notification.requestPermission()) !== "granted") {
      pushing.value = Notification.permission === "denied" ? "denied" : "off";
      return;
    }
    const r = await registration();
    const before = await r.pushManager.getSubscription();
    // One of another key is of another centre, or of one that began anew.
    if (before && !sameKey(before, key)) await before.unsubscribe();
    await tell(await r.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) }));
  } catch (error) {
    pushing.value = "off";
    pushFault.value = error instanceof ApiError ? error.message : error instanceof Error ? error.message : String(error);
  }
}

function sameKey(subscription: PushSubscription, key: string): boolean {
  const its = subscription.options.applicationServerKey;
  return its !== null && bytes(key).every((b, i) => new Uint8Array(its)[i] === b);
}

export async function turnOff(): Promise<void> {
  const subscription = await (await registration()).pushManager.getSubscription();
  await subscription?.unsubscribe();
  await remove("settings", "push");
  if (id) await fetch(`api/v1/push/subscriptions/${id}`, { method: "DELETE" }).catch(() => undefined);
  id = "";
  pushing.value = "off";
}

export async function tryOut(): Promise<void> {
  pushFault.value = "";
  tried.value = false;
  try {
    await post(`push/subscriptions/${id}/try`, {});
    tried.value = true;
  } catch (error) {
    pushFault.value = error instanceof Error ? error.message : String(error);
  }
}

/** Finds out how it stands, and tells the server what has changed. */
async function look(): Promise<void> {
  const not = able();
  if (not) {
    pushing.value = not;
    return;
  }
  const subscription = await (await registration()).pushManager.getSubscription();
  if (!subscription) {
    pushing.value = "off";
    return;
  }
  pushing.value = "on";
  const before = await take("settings", "push");
  if (JSON.stringify(before) !== JSON.stringify(wish(subscription)) || !id) {
    await tell(subscription).catch(() => undefined); // without a signal the next time
  }
}

export function followPush(): void {
  const not = able();
  if (not) pushing.value = not;
  if (!window.isSecureContext || !("serviceWorker" in navigator)) return;
  // Relative, so that the site may live under any path.
  void navigator.serviceWorker.register("field-sw.js", { scope: "field" }).catch((error: unknown) => {
    pushFault.value = String(error);
  });
  effect(() => {
    void [me.value, lang.value, centre.value?.push];
    if (current.value) void look().catch(() => undefined);
  });
}
