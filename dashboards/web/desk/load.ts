// Asking the server for what a page shows, once and again.

import { useSignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../shared/api";
import { phase } from "../shared/live";

export type Loaded<T> = { state: "loading" } | { state: "failed"; why: string } | { state: "here"; value: T };

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * What the server answers to a path, asked again whenever the path or a number
 * changes, and after a lost connection. What is here stays while it is asked
 * again; a failure is said instead of it, for it may no longer be so.
 */
export function useLoaded<T>(path: string, again: unknown = 0): Signal<Loaded<T>> {
  const loaded = useSignal<Loaded<T>>({ state: "loading" });
  const lost = phase.value === "lost";
  useEffect(() => {
    if (lost) return;
    const abort = new AbortController();
    get<T>(path, abort.signal)
      .then((value) => (loaded.value = { state: "here", value }))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) loaded.value = { state: "failed", why: reason(error) };
      });
    return () => abort.abort();
  }, [path, again, lost]);
  return loaded;
}
