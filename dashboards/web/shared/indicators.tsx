// The figures of systems that the centre does not run: each with its target, who
// answers for it, where it comes from, and whether it is still current. Pages
// mount <Indicators /> and import indicators.css.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Ago } from "./ago";
import { get } from "./api";
import { duration, quantity } from "./format";
import { lang, now, phase, times } from "./live";
import { phrases } from "./words";
import type { Text } from "./wire";

export interface Indicator {
  id: string;
  name: string;
  sector: string;
  label: Text;
  unit: string;
  decimals: number;
  value?: number;
  as_of?: string;
  stale: boolean;
  /** Seconds. */
  period: number;
  target?: number;
  better: "higher" | "lower";
  met?: boolean;
  owner: string;
  source: string;
}

const say = phrases(
  {
    title: "Chỉ số",
    target: "Chỉ tiêu",
    atLeast: "từ {target}",
    atMost: "không quá {target}",
    noTarget: "chưa đặt",
    met: "đạt",
    missed: "chưa đạt",
    owner: "Phụ trách",
    source: "Nguồn",
    asOf: "Số liệu lúc {time}",
    stale: "số liệu cũ: lẽ ra {period} có một lần",
    never: "chưa có số liệu",
    none: "Chưa khai báo chỉ số nào",
    failed: "Không đọc được chỉ số",
    loading: "Đang đọc…",
  },
  {
    title: "Indicators",
    target: "Target",
    atLeast: "at least {target}",
    atMost: "at most {target}",
    noTarget: "not set",
    met: "met",
    missed: "not met",
    owner: "Owner",
    source: "Source",
    asOf: "As of {time}",
    stale: "out of date: one is due every {period}",
    never: "no figure yet",
    none: "No indicator is listed",
    failed: "The indicators could not be read",
    loading: "Loading…",
  },
);

const known = signal<readonly Indicator[] | "failed" | undefined>(undefined);
/** How often they are asked for, in ms, while a panel shows them. */
const askEvery = 15_000;

/** Asks anew, for what somebody has just sent. */
export async function askIndicators(): Promise<void> {
  try {
    known.value = (await get<{ indicators: Indicator[] }>("indicators", AbortSignal.timeout(askEvery))).indicators;
  } catch {
    known.value = "failed"; // what was is not what is
  }
}

/** Those of a sector, as far as they are known. */
export function indicatorsOf(sector: string): readonly Indicator[] {
  const all = known.value;
  return Array.isArray(all) ? all.filter((i) => i.sector === sector) : [];
}

/** The panel; with a sector, only that one's. It is not there where there are no indicators at all. */
export function Indicators(props: { sector?: string }): JSX.Element | null {
  useEffect(() => {
    void askIndicators();
    const timer = window.setInterval(() => void askIndicators(), askEvery);
    return () => window.clearInterval(timer);
  }, []);
  const l = lang.value;
  const all = known.value;
  return (
    <section class="indicators" aria-label={say(l, "title")}>
      <h2>{say(l, "title")}</h2>
      {all === undefined && <p class="muted">{say(l, "loading")}</p>}
      {(all === "failed" || phase.value === "lost") && <p class="warn">{say(l, "failed")}</p>}
      {Array.isArray(all) && <List all={all.filter((i) => !props.sector || i.sector === props.sector)} />}
    </section>
  );
}

function List(props: { all: readonly Indicator[] }): JSX.Element {
  const l = lang.value;
  if (props.all.length === 0) return <p class="muted">{say(l, "none")}</p>;
  return (
    <ul>
      {props.all.map((i) => (
        <Card key={i.id} of={i} />
      ))}
    </ul>
  );
}

function Card(props: { of: Indicator }): JSX.Element {
  const i = props.of;
  const l = lang.value;
  const state = i.value === undefined ? "never" : i.stale ? "stale" : "current";
  const target = i.target === undefined ? undefined : quantity(l, i.target, i.decimals, i.unit);
  const at = i.as_of === undefined ? undefined : Date.parse(i.as_of);
  return (
    <li class={`indicator ${state}`}>
      <h3>{i.name}</h3>
      <p class="label muted">{i.label[l] || i.label.vi}</p>
      <p class="figure">
        <strong>{i.value === undefined ? "—" : quantity(l, i.value, i.decimals, i.unit)}</strong>
        {i.met !== undefined && <span class={i.met ? "met" : "missed"}>{i.met ? `✓ ${say(l, "met")}` : `✗ ${say(l, "missed")}`}</span>}
      </p>
      <p class={state === "current" ? "as-of muted" : "as-of warn"}>
        {at === undefined ? (
          say(l, "never")
        ) : (
          <>
            {say(l, "asOf", { time: times.value.since(l, at, now.value ?? at) })} (<Ago ms={at} />)
          </>
        )}
        {state === "stale" && <> · {say(l, "stale", { period: duration(l, i.period * 1000) })}</>}
      </p>
      <dl>
        <dt>{say(l, "target")}</dt>
        <dd>{target === undefined ? say(l, "noTarget") : say(l, i.better === "lower" ? "atMost" : "atLeast", { target })}</dd>
        <dt>{say(l, "owner")}</dt>
        <dd>{i.owner}</dd>
        <dt>{say(l, "source")}</dt>
        <dd>{i.source}</dd>
      </dl>
    </li>
  );
}
