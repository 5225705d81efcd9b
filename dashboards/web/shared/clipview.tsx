// What people are told of a clip that they look at.

import { useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { factsOf, holeAt, type ClipFacts } from "./clip";
import { lang, t, times } from "./live";

/** Asks what a clip holds, without fetching it. */
export function useClipFacts(url: string, from: number): Signal<ClipFacts> {
  const facts = useSignal<ClipFacts>({ begin: from, holes: [], short: undefined });
  useEffect(() => {
    const abort = new AbortController();
    fetch(url, { headers: { Range: "bytes=1-1" }, signal: abort.signal })
      .then((answer) => {
        if (answer.ok) facts.value = factsOf(answer.headers, from);
      })
      .catch(() => {}); // the player says what is wrong
    return () => abort.abort();
  }, [url]);
  return facts;
}

/** Says where the recording has holes, and that one is on the screen. */
export function ClipHoles(props: { facts: ClipFacts; shown: number }): JSX.Element | null {
  const { holes, short } = props.facts;
  if (holes.length === 0 && short === undefined) return null;
  const clock = (ms: number): string => times.value.long(lang.value, ms);
  const inside = holeAt(holes, props.shown) !== undefined;
  return (
    <div class={inside ? "clip-holes inside" : "clip-holes"} role="status">
      {holes.length > 0 && <p class="warn">{t("clipHoles", { holes: holes.map((h) => `${clock(h.from)}–${clock(h.to)}`).join(", ") })}</p>}
      {inside && <p class="warn here">{t("clipInHole")}</p>}
      {short !== undefined && <p class="warn">{t("clipShort", { time: clock(short) })}</p>}
    </div>
  );
}
