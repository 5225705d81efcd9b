// What the list and the single alert have in common.

import type { JSX } from "preact";
import { lang, number_ } from "./speak";
import { deviceName, stageOf, teamName, zoneName } from "./state";
import type { Alert } from "../shared/wire";
import { textValue } from "../shared/words";
import { heading } from "./heading";
import { away, bearing, here, fix } from "./where";
import { s } from "./speak";

/** Where an alert is, in words. */
export function place(alert: Alert): string {
  const { device, zone } = alert.properties;
  const first = device ? deviceName(device) : "";
  const second = zone ? zoneName(zone) : "";
  return first && second && !first.includes(second) ? `${first}, ${second}` : first || second;
}

/** How far it is and in which direction, and an arrow that points there where the phone knows how it is held. */
export function Away(props: { alert: Alert }): JSX.Element | null {
  const { geometry } = props.alert;
  const from = here.value;
  if (!geometry || !from) return null;
  const exact = fix.value?.at ?? from;
  const held = heading.value;
  const turn = held === undefined ? undefined : Math.round(bearing(exact, geometry.coordinates) - held + 360) % 360;
  return (
    <span class="away">
      {turn !== undefined && (
        <svg class="arrow" viewBox="0 0 24 24" aria-hidden="true" data-turn={turn}>
          <path d="M12 3 19 20 12 16 5 20z" transform={`rotate(${turn} 12 12)`} />
        </svg>
      )}
      {away(lang.value, exact, geometry.coordinates)}
    </span>
  );
}

/** The words that say how an alert stands besides how far it is handled. */
export function Marks(props: { alert: Alert }): JSX.Element | null {
  const p = props.alert.properties;
  const marks: JSX.Element[] = [];
  if (p.exercise) marks.push(<strong class="chip exercise">{s("exercise")}</strong>);
  if (p.stale) marks.push(<span class="chip">{s("stale")}</span>);
  if (p.to_verify) marks.push(<span class="chip">{s("toVerify")}</span>);
  if (p.condition === "normal") marks.push(<span class="chip">{s("over")}</span>);
  else if (p.condition === "recovering") marks.push(<span class="chip">{s("easing")}</span>);
  if (p.shelved || p.suppressed_by || p.out_of_service) marks.push(<span class="chip">{s("quiet")}</span>);
  return marks.length > 0 ? <span class="chips">{marks}</span> : null;
}

/** How far an alert is handled, and by whom; what is not sent yet says so. */
export function Standing(props: { alert: Alert }): JSX.Element {
  const p = props.alert.properties;
  const { stage, unsent } = stageOf(props.alert);
  const who = !unsent && p.handled_by ? s("by", { what: s(stage as "new"), who: p.handled_by }) : s(stage as "new");
  return (
    <span class={`standing ${stage}`}>
      {who}
      {!unsent && p.assigned && p.assigned !== p.handled_by && stage !== "new" ? ` · ${teamName(p.assigned)}` : ""}
      {unsent && <span class="unsent"> · {s("unsent")}</span>}
      {stage === "new" && p.escalation ? <span class="escalated">{s("escalated", { n: p.escalation })}</span> : null}
    </span>
  );
}

/** The value that it rests on. */
export function measured(alert: Alert): { value: string; bound: string } | undefined {
  const e = alert.properties.evidence.at(-1);
  if (!e || !e.value) return undefined;
  if (e.unit === "1" && (e.number === 0 || e.number === 1) && !e.text) return undefined; // yes or no: the alert's name says it
  if (e.text) return { value: textValue(lang.value, e.text), bound: "" };
  return { value: number_(e.number, e.unit), bound: e.bound === undefined ? "" : s("bound", { bound: number_(e.bound, e.unit) }) };
}
