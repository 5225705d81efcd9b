// Ages that tick.

import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { age } from "./format";
import { lang, now } from "./live";

/** How long ago something was; it ticks without its surroundings being drawn again. */
export function Ago(props: { ms: number; class?: string }): JSX.Element {
  const ms = useSignal(props.ms);
  ms.value = props.ms;
  const text = useComputed(() => (now.value === undefined ? "" : age(lang.value, now.value - ms.value)));
  return <span class={props.class ?? "age"}>{text}</span>;
}
