// How many alerts people were called about, and how long they took.

import type { JSX } from "preact";
import { duration, number } from "../shared/format";
import { lang, now, times } from "../shared/live";
import { useLoaded } from "./load";
import { d, type DeskWord } from "./words";

/** Seconds. */
interface Spread {
  count: number;
  median: number;
  p90: number;
}

interface KPIs {
  since?: string;
  calls: number;
  rate: number;
  rate_max: number;
  flood: number;
  levels: number[];
  chattering: number;
  standing: number;
  acknowledge: Spread;
  dispatch: Spread;
  on_scene: Spread;
  close: Spread;
  rules: { rule: string; ended: number; false: number; false_share: number }[];
}

export function Figures(): JSX.Element | null {
  const loaded = useLoaded<KPIs>("kpis", Math.floor((now.value ?? 0) / 60_000));
  const answer = loaded.value;
  if (answer.state !== "here") return null;
  const k = answer.value;
  const l = lang.value;
  const spread = (s: Spread): string => (s.count === 0 ? d("kpiNone") : `${duration(l, s.median * 1000)} · ${duration(l, s.p90 * 1000)} (${s.count})`);
  const worst = k.rules.filter((r) => r.false > 0).sort((a, b) => b.false_share - a.false_share)[0];
  const rows: [DeskWord, string, string, boolean?][] = [
    ["kpiRate", number(l, k.rate, 1), "1–2", k.rate > 2],
    ["kpiRateMax", number(l, k.rate_max, 1), "< 10", k.rate_max >= 10],
    ["kpiFlood", `${number(l, k.flood * 100, 1)} %`, "< 1 %", k.flood >= 0.01],
    ["kpiMix", k.levels.map((share) => `${number(l, share * 100, 0)} %`).join(" · "), "80 · 15 · 5 %"],
    ["kpiChattering", number(l, k.chattering, 0), "0", k.chattering > 0],
    ["kpiStanding", number(l, k.standing, 0), "0", k.standing > 0],
    ["kpiAcknowledge", spread(k.acknowledge), ""],
    ["kpiDispatch", spread(k.dispatch), ""],
    ["kpiOnScene", spread(k.on_scene), ""],
    ["kpiClose", spread(k.close), ""],
    ["kpiFalse", worst ? `${worst.rule}: ${number(l, worst.false_share * 100, 0)} %` : d("kpiNone"), ""],
  ];
  return (
    <>
      <h3>
        {d("kpiTitle")} {k.since && <span class="muted">{d("kpiSince", { time: times.value.since(l, Date.parse(k.since), now.value ?? 0) })}</span>}
      </h3>
      <table>
        <thead>
          <tr>
            <td />
            <th class="number">{d("kpiNow")}</th>
            <th class="number">{d("kpiTarget")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, value, target, missed]) => (
            <tr key={name}>
              <th scope="row">{d(name)}</th>
              <td class={`number ${missed ? "warn" : ""}`}>{value}</td>
              <td class="number muted">{target}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
