// What rules would have done about what is stored.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ApiError, post } from "../shared/api";
import { number } from "../shared/format";
import { lang, now, times } from "../shared/live";
import type { Level, Text } from "../shared/wire";
import { ready } from "./actions";
import { reason } from "./load";
import { inputTime, readTime } from "./time";
import { coded, d } from "./words";

interface Counts {
  alerts: number;
  sound: number;
}

interface ReplayAlert {
  raised: string;
  level: Level;
}

interface Replay {
  begins?: string;
  readings: number;
  seconds: number;
  rules: { rule: string; name: Text; counts?: Counts; other?: Counts }[];
  diff?: { same: number; omitted: number; differences: { change: string; rule: string; name: Text; of: string; before?: ReplayAlert; after?: ReplayAlert }[] };
  notes: Text[];
}

type Run = { state: "idle" | "running" | "none" } | { state: "failed"; why: string } | { state: "here"; replay: Replay };

const day = 86_400_000;

export function Backtest(): JSX.Element {
  const end = now.peek() ?? Date.now();
  const from = useSignal(inputTime(times.value, end - day));
  const to = useSignal(inputTime(times.value, end));
  const other = useSignal("");
  const run = useSignal<Run>({ state: "idle" });
  const start = async (): Promise<void> => {
    const [a, z] = [readTime(times.value, from.value), readTime(times.value, to.value)];
    if (a === undefined || z === undefined || a >= z) {
      run.value = { state: "failed", why: d("historyWrong") };
      return;
    }
    run.value = { state: "running" };
    const body = { from: new Date(a).toISOString(), to: new Date(z).toISOString(), ...(other.value.trim() ? { diff: other.value } : {}) };
    try {
      run.value = { state: "here", replay: await post<Replay>("rules/replay", body) };
    } catch (error) {
      const missing = error instanceof ApiError && error.problem.status === 404;
      run.value = missing ? { state: "none" } : { state: "failed", why: reason(error) };
    }
  };
  const r = run.value;
  return (
    <details class="backtest">
      <summary>{d("backtest")}</summary>
      <p class="muted">{d("backtestHint")}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <div class="row">
          <label>
            {d("historyFrom")} <input type="datetime-local" value={from.value} onInput={(e) => (from.value = e.currentTarget.value)} />
          </label>
          <label>
            {d("historyTo")} <input type="datetime-local" value={to.value} onInput={(e) => (to.value = e.currentTarget.value)} />
          </label>
          <button type="submit" class="main" disabled={!ready() || r.state === "running"}>
            {d("backtestRun")}
          </button>
        </div>
        <label>
          {d("backtestRules")}
          <textarea rows={5} spellcheck={false} value={other.value} onInput={(e) => (other.value = e.currentTarget.value)} />
        </label>
      </form>
      <div role="status">
        {r.state === "running" && <p class="muted">{d("backtestRunning")}</p>}
        {r.state === "none" && <p class="warn">{d("backtestNone")}</p>}
        {r.state === "failed" && <pre class="warn">{d("backtestFailed", { why: r.why })}</pre>}
        {r.state === "here" && <Result replay={r.replay} />}
      </div>
    </details>
  );
}

function Result(props: { replay: Replay }): JSX.Element {
  const { replay } = props;
  const l = lang.value;
  const compared = replay.diff !== undefined;
  const sum = (of: "counts" | "other"): number => replay.rules.reduce((n, r) => n + (r[of]?.alerts ?? 0), 0);
  const differences = replay.diff?.differences ?? [];
  const more = differences.filter((x) => x.change === "new").length;
  const gone = differences.filter((x) => x.change === "gone").length;
  const rules = replay.rules.filter((r) => (r.counts?.alerts ?? 0) > 0 || (r.other?.alerts ?? 0) > 0);
  return (
    <>
      <p class="verdict">
        <b>{!compared ? d("backtestCount", { n: number(l, sum("counts"), 0) }) : more + gone === 0 ? d("backtestSame") : d("backtestMore", { n: number(l, more, 0), gone: number(l, gone, 0) })}</b>
      </p>
      {replay.notes.map((note) => (
        <p key={note.en} class="muted">
          {note[l] || note.en}
        </p>
      ))}
      <table>
        <thead>
          <tr>
            <th>{d("backtestRule")}</th>
            <th class="number">{d("backtestNow")}</th>
            {compared && <th class="number">{d("backtestThen")}</th>}
            {compared && <th class="number">{d("backtestDiff")}</th>}
          </tr>
        </thead>
        <tbody>
          {rules.map((r) => {
            const change = (r.other?.alerts ?? 0) - (r.counts?.alerts ?? 0);
            return (
              <tr key={r.rule}>
                <th scope="row">
                  {r.name[l] || r.name.vi} <code class="muted">{r.rule}</code>
                </th>
                <td class="number">{r.counts?.alerts ?? 0}</td>
                {compared && <td class="number">{r.other?.alerts ?? 0}</td>}
                {compared && <td class="number">{change > 0 ? `+${change}` : change}</td>}
              </tr>
            );
          })}
        </tbody>
      </table>
      {differences.length > 0 && (
        <ul class="differences">
          {differences.slice(0, 100).map((x, i) => (
            <li key={i}>
              <b>{coded("change", x.change)}</b> {x.name[l] || x.name.vi} · {x.of} <span class="muted">{times.value.since(l, Date.parse((x.after ?? x.before)?.raised ?? ""), now.value ?? 0)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
