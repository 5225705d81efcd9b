// Where on the page one is: what stands behind the # of its address.

import { computed, signal } from "@preact/signals";

/** The views, in the order of their tabs. */
export const views = ["overview", "devices", "cameras", "rules", "handover", "audit", "letters", "system", "indicators"] as const;
export type View = (typeof views)[number];

/** What is looked at in the overview. */
export type Kind = "alert" | "device" | "camera";

export interface Route {
  view: View;
  kind?: Kind;
  id?: string;
}

/** Reads an address: #/device/lao-cai-thao is a device in the overview, #/handover/h12 one handover. */
export function parse(hash: string): Route {
  const [first = "", ...rest] = hash.replace(/^#?\/?/, "").split("/");
  const id = decode(rest.join("/"));
  if (first === "alert" || first === "device" || first === "camera") return id ? { view: "overview", kind: first, id } : { view: "overview" };
  const view = views.find((v) => v === first) ?? "overview";
  return id ? { view, id } : { view };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody has typed it
  }
}

export function format(r: Route): string {
  const first = r.kind ?? (r.view === "overview" ? "" : r.view);
  return `#/${first}${r.id ? `/${encodeURIComponent(r.id)}` : ""}`;
}

export const route = signal<Route>({ view: "overview" });
export const chosen = computed(() => (route.value.kind && route.value.id ? { kind: route.value.kind, id: route.value.id } : undefined));

/**
 * Goes there at once: the key that is pressed next is about what was chosen, and
 * not about what was before. The address follows, so that it can be sent to
 * somebody.
 */
export function go(to: Route): void {
  const hash = format(to);
  if (format(route.peek()) === hash) return;
  route.value = to;
  location.hash = hash;
}

export function openThing(kind: Kind, id: string): void {
  go({ view: "overview", kind, id });
}

export function startRoute(): void {
  const read = (): void => {
    const to = parse(location.hash);
    if (format(to) !== format(route.peek())) route.value = to;
  };
  window.addEventListener("hashchange", read);
  read();
}
