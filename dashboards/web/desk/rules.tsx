// The rules in force, and what others would have done.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ApiError, post } from "../shared/api";
import { alerts, lang, now, times } from "../shared/live";
import { ready } from "./actions";
import { Backtest } from "./backtest";
import { setFilter, everything, filter } from "./filter";
import { fold, matches } from "./fold";
import { reason, useLoaded } from "./load";
import { go } from "./route";
import { coded, d } from "./words";
import type { RuleBook } from "./wire";

export function RulesPage(): JSX.Element {
  const again = useSignal(0);
  const loaded = useLoaded<RuleBook>("rules", again.value);
  const text = useSignal("");
  const told = useSignal<{ text: string; lines: string[]; good: boolean } | undefined>(undefined);
  const reload = async (): Promise<void> => {
    try {
      await post("rules/reload", {});
      told.value = { text: d("rulesReloaded"), lines: [], good: true };
    } catch (error) {
      const refused = error instanceof ApiError && error.problem.status === 422;
      told.value = refused ? { text: d("rulesRefused"), lines: (error.problem.detail ?? error.message).split("\n"), good: false } : { text: d("rulesFailed", { why: reason(error) }), lines: [], good: false };
    }
    again.value++;
  };
  const l = loaded.value;
  const book = l.state === "here" ? l.value : undefined;
  return (
    <section class="sheet rules" aria-label={d("rulesTitle")}>
      <header>
        <h2>{d("rulesTitle")}</h2>
        {book && <span class="muted">{d("rulesSince", { time: times.value.since(lang.value, Date.parse(book.since), now.value ?? 0), hash: book.hash.slice(0, 12) })}</span>}
        <input type="search" aria-label={d("rulesFind")} placeholder={d("rulesFind")} value={text.value} onInput={(e) => (text.value = e.currentTarget.value)} />
        <button type="button" class="plain" disabled={!ready()} onClick={() => void reload()}>
          {d("rulesReload")}
        </button>
      </header>
      <div role="status" class={told.value?.good === false ? "warn" : "good"}>
        {told.value?.text}
        {told.value?.lines.map((line) => <pre key={line}>{line}</pre>)}
      </div>
      {l.state === "loading" && <p class="nothing muted">{d("loading")}</p>}
      {l.state === "failed" && <p class="nothing warn">{d("rulesFailed", { why: l.why })}</p>}
      <Backtest />
      {book && <Table book={book} query={fold(text.value)} />}
    </section>
  );
}

function Table(props: { book: RuleBook; query: string }): JSX.Element {
  const l = lang.value;
  const found = props.book.rules.filter((r) => matches(props.query, `${r.name.vi} ${r.name.en} ${r.id} ${coded("hazard", r.hazard)} ${coded("detector", r.detector)} ${r.detector}`) > 0);
  const openOf = (id: string): number => alerts.value.filter((a) => a.properties.rule === id).length;
  return (
    <table>
      <thead>
        <tr>
          <th>{d("backtestRule")}</th>
          <th>{d("filterHazard")}</th>
          <th>{d("rulesDetector")}</th>
          <th class="number">{d("rulesDevices")}</th>
          <th class="number">{d("rulesOpen")}</th>
          <th>{d("rulesFile")}</th>
        </tr>
      </thead>
      <tbody>
        {found.map((r) => {
          const open = openOf(r.id);
          return (
            <tr key={r.id}>
              <th scope="row">
                {r.name[l] || r.name.vi} <code class="muted">{r.id}</code>
                {r.unconfigured.length > 0 && <div class="warn">{d("rulesUnconfigured", { n: r.unconfigured.length })}</div>}
              </th>
              <td>{coded("hazard", r.hazard)}</td>
              <td>{coded("detector", r.detector)}</td>
              <td class={`number ${r.devices === 0 && r.detector !== "all" ? "warn" : ""}`}>{r.devices}</td>
              <td class="number">
                {open > 0 ? (
                  <button
                    type="button"
                    class="link"
                    onClick={() => {
                      filter.value = everything;
                      setFilter({ text: r.id });
                      go({ view: "overview" });
                    }}
                  >
                    {open}
                  </button>
                ) : (
                  0
                )}
              </td>
              <td class="muted">
                {r.file} {r.version} <code>{r.hash.slice(0, 8)}</code>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
