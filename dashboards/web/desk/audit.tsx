// What became of the alerts, and who did it.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get } from "../shared/api";
import { lang, now, phase, t, times } from "../shared/live";
import { teamName } from "../shared/teams";
import { audited } from "./auditstate";
import { reason } from "./load";
import { shownDevices } from "./hindsight";
import { readTime } from "./time";
import { coded, d } from "./words";
import type { AuditLine, AuditReport } from "./wire";

interface Answer {
  lines: AuditLine[];
  next?: number;
}

type Read = { state: "loading" } | { state: "failed"; why: string } | { state: "here"; lines: AuditLine[]; next: number | undefined; more: boolean };

export function AuditPage(): JSX.Element {
  const read = useSignal<Read>({ state: "loading" });
  const f = audited.value;
  const lost = phase.value === "lost";
  const query = (): URLSearchParams => {
    const q = new URLSearchParams({ limit: "100" });
    if (f.alert.trim()) q.set("alert", f.alert.trim());
    if (f.actor.trim()) q.set("actor", f.actor.trim());
    const [from, to] = [readTime(times.value, f.from), readTime(times.value, f.to)];
    if (from !== undefined) q.set("from", new Date(from).toISOString());
    if (to !== undefined) q.set("to", new Date(to).toISOString());
    return q;
  };
  useEffect(() => {
    if (lost) return;
    const abort = new AbortController();
    // Whoever types is waited for.
    const timer = window.setTimeout(() => {
      get<Answer>(`audit?${query()}`, abort.signal)
        .then(({ lines, next }) => (read.value = { state: "here", lines, next, more: false }))
        .catch((error: unknown) => {
          if (!abort.signal.aborted) read.value = { state: "failed", why: reason(error) };
        });
    }, 200);
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [f, lost]);
  const more = async (): Promise<void> => {
    const before = read.value;
    if (before.state !== "here" || before.next === undefined) return;
    read.value = { ...before, more: true };
    const q = query();
    q.set("before", String(before.next));
    try {
      const { lines, next } = await get<Answer>(`audit?${q}`);
      read.value = { state: "here", lines: [...before.lines, ...lines], next, more: false };
    } catch (error) {
      read.value = { state: "failed", why: reason(error) };
    }
  };
  const r = read.value;
  return (
    <section class="sheet audit" aria-label={d("auditTitle")}>
      <header>
        <h2>{d("auditTitle")}</h2>
        <span class="muted">{d("auditHint")}</span>
      </header>
      <Verify />
      <form class="row" role="search" onSubmit={(e) => e.preventDefault()}>
        <input type="search" aria-label={d("auditActor")} placeholder={d("auditActor")} value={f.actor} onInput={(e) => (audited.value = { ...f, actor: e.currentTarget.value })} />
        <input type="search" class="wide" aria-label={d("auditAlert")} placeholder={d("auditAlert")} value={f.alert} onInput={(e) => (audited.value = { ...f, alert: e.currentTarget.value })} />
        <label>
          {d("historyFrom")} <input type="datetime-local" value={f.from} onInput={(e) => (audited.value = { ...f, from: e.currentTarget.value })} />
        </label>
        <label>
          {d("historyTo")} <input type="datetime-local" value={f.to} onInput={(e) => (audited.value = { ...f, to: e.currentTarget.value })} />
        </label>
      </form>
      {r.state === "loading" && <p class="nothing muted">{d("loading")}</p>}
      {r.state === "failed" && <p class="nothing warn">{d("auditFailed", { why: r.why })}</p>}
      {r.state === "here" && r.lines.length === 0 && <p class="nothing muted">{d("auditNone")}</p>}
      {r.state === "here" && r.lines.length > 0 && <Lines lines={r.lines} />}
      {r.state === "here" && r.next !== undefined && (
        <button type="button" class="plain more" disabled={r.more} onClick={() => void more()}>
          {d("auditMore")}
        </button>
      )}
    </section>
  );
}

function Lines(props: { lines: AuditLine[] }): JSX.Element {
  const l = lang.value;
  return (
    <table>
      <thead>
        <tr>
          <th class="number">{d("auditLine")}</th>
          <th>{d("auditTime")}</th>
          <th>{d("auditWho")}</th>
          <th>{d("auditWhat")}</th>
          <th>{d("auditAbout")}</th>
          <th>{d("auditAfter")}</th>
        </tr>
      </thead>
      <tbody>
        {props.lines.map((line) => {
          const at = Date.parse(line.at);
          return (
            <tr key={line.n}>
              <td class="number muted">{line.n}</td>
              <td>
                {times.value.since(l, at, now.value ?? at)}
                <span class="muted">{times.value.long(l, at).slice(5)}</span>
              </td>
              <td>{line.actor ?? <span class="muted">{d("auditMachine")}</span>}</td>
              <td>
                {coded("reason", line.reason, { level: line.after.level, to: teamName(line.to ?? "") })}
                {line.note && <q>{line.note}</q>}
              </td>
              <td>
                <button type="button" class="link" title={line.alert} onClick={() => (audited.value = { ...audited.value, alert: line.alert })}>
                  {line.rule} · {(line.device && shownDevices.value.get(line.device)?.properties.name) ?? line.device ?? line.zone}
                </button>
              </td>
              <td class="muted">
                {t("level", { n: line.after.level })} · {coded("condition", line.after.condition)} · {coded("handling", line.after.handling)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

type Verified = { state: "idle" | "asking" } | { state: "failed"; why: string } | { state: "here"; report: AuditReport };

function Verify(): JSX.Element {
  const verified = useSignal<Verified>({ state: "idle" });
  const ask = async (): Promise<void> => {
    verified.value = { state: "asking" };
    try {
      verified.value = { state: "here", report: await get<AuditReport>("audit/report") };
    } catch (error) {
      verified.value = { state: "failed", why: reason(error) };
    }
  };
  const v = verified.value;
  return (
    <div class="row verify" role="status">
      <button type="button" class="plain" disabled={v.state === "asking"} onClick={() => void ask()}>
        {d(v.state === "asking" ? "auditVerifying" : "auditVerify")}
      </button>
      {v.state === "failed" && <span class="warn">{d("auditFailed", { why: v.why })}</span>}
      {v.state === "here" && v.report.faults.length === 0 && (
        <span class="good">
          {d("auditGood", { n: v.report.lines, time: times.value.long(lang.value, Date.parse(v.report.checked)) })} <code>{v.report.hash.slice(0, 16)}</code>
        </span>
      )}
      {v.state === "here" && v.report.faults.length > 0 && (
        <div class="bad">
          {d("auditBad", { n: v.report.faults.length })}
          <ul>
            {v.report.faults.slice(0, 20).map((fault) => (
              <li key={fault}>
                <code>{fault}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
