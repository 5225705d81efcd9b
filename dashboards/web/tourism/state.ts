// What the tourism page shows, as signals.

import { computed, signal } from "@preact/signals";
import { useSignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, get } from "../shared/api";
import type { CameraView } from "../shared/cameras";
import { number } from "../shared/format";
import { lang, now, times } from "../shared/live";
import { views } from "../shared/views";
import { dateOf } from "../shared/zoned";
import { tt } from "./words";
import type { Share, Standing } from "./wire";

/** Where on the page somebody is; it stands in the address, after the #. */
export type Route = { page: "gallery" } | { page: "point"; id: string } | { page: "report"; week: string | undefined };

function read(): Route {
  const [page, rest] = location.hash.replace(/^#\/?/, "").split("/");
  if (page === "point" && rest) return { page, id: decodeURIComponent(rest) };
  if (page === "report") return { page, week: rest || undefined };
  return { page: "gallery" };
}

export const route = signal<Route>(read());
window.addEventListener("hashchange", () => {
  route.value = read();
  window.scrollTo(0, 0);
});

export function pointHref(id: string): string {
  return `#/point/${encodeURIComponent(id)}`;
}

/** The tourism camera points, in the order of their names. */
export const points = computed<readonly CameraView[]>(() =>
  views.value
    .filter((v) => v.camera.properties.sector === "tourism")
    .sort((a, b) => a.camera.properties.name.localeCompare(b.camera.properties.name, "vi")),
);

export const zone = computed(() => times.value.zone);

/** Today, where the points are; empty before the server's time is known. */
export const today = computed(() => (now.value === undefined ? "" : dateOf(zone.value, now.value)));

/** What was asked for: not yet known, or why it cannot be, or known. */
export type Asked<T> = { is: "loading" } | { is: "failed"; why: string } | { is: "known"; value: T };

/** Asks for something again and again, and anew when the path changes; an empty path asks nothing. */
export function useAsked<T>(path: string, every: number): Signal<Asked<T>> {
  const asked = useSignal<Asked<T>>({ is: "loading" });
  useEffect(() => {
    asked.value = { is: "loading" };
    if (!path) return undefined;
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const value = await get<T>(path, AbortSignal.any([abort.signal, AbortSignal.timeout(30_000)]));
        asked.value = { is: "known", value };
      } catch (error) {
        if (!abort.signal.aborted) asked.value = { is: "failed", why: reason(error) };
      }
    };
    void ask();
    const timer = window.setInterval(() => void ask(), every);
    return () => {
      abort.abort();
      window.clearInterval(timer);
    };
  }, [path, every]);
  return asked;
}

/** Why something failed, for people. */
export function reason(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return error instanceof Error && error.name !== "TypeError" ? error.message : tt("failed", { why: "…" });
}

/** How each point stood over the last week, by camera. */
export const standings = signal<ReadonlyMap<string, Standing>>(new Map());
export const standingsFailed = signal<string | undefined>(undefined);

/** How often it is asked for, in ms: it moves slowly. */
const standingsEvery = 120_000;

export function followStandings(): void {
  const ask = async (): Promise<void> => {
    try {
      const list = await get<{ points: Standing[] }>("tourism/points", AbortSignal.timeout(30_000));
      standings.value = new Map(list.points.map((p) => [p.camera, p]));
      standingsFailed.value = undefined;
    } catch (error) {
      standings.value = new Map(); // what was is not what is
      standingsFailed.value = reason(error);
    }
  };
  void ask();
  window.setInterval(() => void ask(), standingsEvery);
}

/** 98,2 % */
export function percent(value: number, decimals = 1): string {
  return `${number(lang.value, 100 * value, decimals)} %`;
}

/** A share, or that it was not measured. */
export function shareText(share: Share | undefined, decimals = 1): string {
  return share === undefined || share.value === null ? tt("unmeasured") : percent(share.value, decimals);
}

/** A part of the time, without pretending to more than there is: under 1 %. */
export function partText(part: number): string {
  if (part > 0 && part < 0.01) return "< 1 %";
  if (part > 0.99 && part < 1) return "> 99 %";
  return percent(part, 0);
}
