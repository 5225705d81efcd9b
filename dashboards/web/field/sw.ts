// The worker behind the page for the field: it keeps the page for when there is
// no signal, shows what is pushed, and sends what waits.

/// <reference lib="webworker" />

import { flush } from "./queue";
import { put, remove, take, trim } from "./store";

declare const self: ServiceWorkerGlobalScope;
/** Filled in when it is bundled: the page's files, and a name that is theirs alone. */
declare const FILES: string[];
declare const VERSION: string;

const cacheName = `field-${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(cacheName);
      await cache.addAll(FILES.map((file) => new Request(file, { cache: "no-cache" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("field-") && name !== cacheName) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

/** How long the network may take to bring the page before the one that is kept is shown, in ms. */
const patience = 3000;

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const url = new URL(request.url);
  const page = new URL("field", self.location.href);
  if (request.mode === "navigate" && url.pathname === page.pathname) event.respondWith(shell(request));
  else if (FILES.some((file) => file !== "field" && new URL(file, self.location.href).pathname === url.pathname)) event.respondWith(kept(request));
});

/** The page: the newest where it comes soon, else the one that is kept. */
async function shell(request: Request): Promise<Response> {
  const own = await (await caches.open(cacheName)).match("field");
  try {
    const fresh = await fetch(request, own ? { signal: AbortSignal.timeout(patience) } : {});
    // A proxy that has nothing behind it answers, too.
    if (fresh.status < 500 || !own) return fresh;
  } catch (error) {
    if (!own) throw error;
  }
  return own;
}

async function kept(request: Request): Promise<Response> {
  return (await (await caches.open(cacheName)).match(request, { ignoreSearch: true })) ?? fetch(request);
}

interface Pushed {
  id: string;
  alert: string;
  level: number;
  title: string;
  body: string;
  at: string;
  lang: string;
  /** Set where it stands for many alerts, and not for this one alone. */
  tag?: string;
}

self.addEventListener("push", (event) => {
  event.waitUntil(tell(event.data?.text() ?? ""));
});

async function tell(text: string): Promise<void> {
  let message: Pushed;
  try {
    message = JSON.parse(text) as Pushed;
  } catch {
    return;
  }
  // The same once more, from a server that was killed in between, rings no
  // second time; the browser wants it shown all the same.
  const shown = await take<number>("shown", message.id).catch(() => undefined);
  const tag = message.tag ?? message.alert;
  const before = (await self.registration.getNotifications({ tag }))[0];
  if (shown !== undefined && (before?.data as { at?: string } | undefined)?.at !== message.at && before) return; // and never hides what is newer
  // What stands for many rings once, and then counts on until somebody has looked.
  const rings = shown === undefined && !(message.tag && before);
  await self.registration.showNotification(message.title, {
    body: message.body,
    tag,
    renotify: rings,
    silent: !rings,
    icon: "icons/field-192.png",
    badge: "icons/field-badge-96.png",
    lang: message.lang,
    requireInteraction: message.level >= 3,
    timestamp: Date.parse(message.at),
    data: { alert: message.tag ? "" : message.alert, at: message.at },
    ...(rings ? { vibrate: Array.from({ length: Math.max(1, message.level) * 2 - 1 }, (_, i) => (i % 2 ? 150 : 400)) } : {}),
  } as NotificationOptions);
  await put("shown", message.id, Date.now()).catch(() => undefined);
  await trim("shown", 500).catch(() => undefined);
  await send(); // the signal is there
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { alert } = event.notification.data as { alert: string };
  event.waitUntil(
    (async () => {
      const target = new URL(alert ? `field?alert=${encodeURIComponent(alert)}` : "field", self.location.href).href;
      const windows = await self.clients.matchAll({ type: "window" });
      const page = windows[0];
      if (!page) return void (await self.clients.openWindow(target));
      await page.focus();
      page.postMessage({ alert });
    })(),
  );
});

interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

self.addEventListener("sync", (event) => {
  const sync = event as SyncEvent;
  if (sync.tag === "queue") sync.waitUntil(send());
});

async function send(): Promise<void> {
  const page = new BroadcastChannel("citywatch-field");
  await flush(() => page.postMessage("changed")).catch(() => undefined);
  page.close();
}

/** The browser has given this phone another address: the server has to know. */
self.addEventListener("pushsubscriptionchange", (event) => {
  const change = event as ExtendableEvent & { oldSubscription?: PushSubscription; newSubscription?: PushSubscription };
  change.waitUntil(
    (async () => {
      const body = await take<Record<string, unknown>>("settings", "push");
      const key = change.oldSubscription?.options.applicationServerKey;
      const next = change.newSubscription ?? (key ? await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }) : undefined);
      if (!body || !next) return;
      const { endpoint, keys } = next.toJSON();
      const answer = await fetch("api/v1/push/subscriptions", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...body, endpoint, keys }),
      });
      // The page tells it anew when it is opened, if this did not arrive.
      if (!answer.ok) await remove("settings", "push");
      else await put("settings", "push", { ...body, endpoint, keys });
    })(),
  );
});
