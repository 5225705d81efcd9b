// Figures of indicators, sent as a table in CSV.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { askIndicators, indicatorsOf } from "../shared/indicators";
import type { Problem } from "../shared/wire";
import { now, times } from "../shared/live";
import { tt } from "./words";

/** What became of what was sent. */
interface Answer {
  accepted?: number;
  refused?: { item?: number; line?: number; detail: string }[];
}

type Sent = { is: "nothing" } | { is: "sending" } | { is: "failed"; why: string; refused: string[] } | { is: "taken"; accepted: number; refused: string[] };

/** As large as the server takes. */
const mostBytes = 1 << 20;

export function Upload(props: { sector: string }): JSX.Element {
  const sent = useSignal<Sent>({ is: "nothing" });
  const token = useSignal(false);
  const example = indicatorsOf(props.sector).slice(0, 2);
  const at = now.value === undefined ? undefined : times.value.parts(now.value);
  const day = at ? `${at.day}/${at.month}/${at.year}` : "22/11/2026";
  const lines = ["indicator;as_of;value", ...example.map((i) => `${i.id};${day};${(i.value ?? i.target ?? 0).toFixed(i.decimals).replace(".", ",")}`)];
  const send = async (form: HTMLFormElement): Promise<void> => {
    const fields = new FormData(form);
    const file = fields.get("table");
    if (!(file instanceof File) || file.size === 0) {
      sent.value = { is: "failed", why: tt("uploadNone"), refused: [] };
      return;
    }
    if (file.size > mostBytes) {
      sent.value = { is: "failed", why: tt("uploadLarge"), refused: [] };
      return;
    }
    sent.value = { is: "sending" };
    const key = String(fields.get("token") ?? "");
    try {
      const response = await fetch("api/v1/indicators", {
        method: "POST",
        headers: { "Content-Type": "text/csv", ...(key ? { Authorization: `Bearer ${key}` } : {}) },
        body: await file.arrayBuffer(),
        signal: AbortSignal.timeout(60_000),
      });
      token.value = token.value || response.status === 401;
      sent.value = told(response, (await response.json()) as Answer & Partial<Problem>);
      if (sent.value.is === "taken") form.reset();
    } catch (error) {
      sent.value = { is: "failed", why: error instanceof Error ? error.message : "", refused: [] };
    }
    void askIndicators();
  };
  return (
    <details class="upload panel">
      <summary>{tt("upload")}</summary>
      <p class="muted">{tt("uploadHint")}</p>
      <pre class="example">{lines.join("\n")}</pre>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send(event.currentTarget);
        }}
      >
        <label>
          {tt("uploadFile")} <input type="file" name="table" accept=".csv,text/csv" />
        </label>
        {token.value && (
          <label>
            {tt("uploadToken")} <input type="password" name="token" autocomplete="off" />
          </label>
        )}
        <button type="submit" disabled={sent.value.is === "sending"}>
          {tt("uploadSend")}
        </button>
      </form>
      <div role="status">
        <Outcome of={sent.value} />
      </div>
    </details>
  );
}

function told(response: Response, answer: Answer & Partial<Problem>): Sent {
  const refused = (answer.refused ?? []).map((r) => tt("uploadLine", { n: r.line ?? r.item ?? 0, why: r.detail }));
  if (response.ok) return { is: "taken", accepted: answer.accepted ?? 0, refused };
  return { is: "failed", why: answer.detail ?? answer.title ?? response.statusText, refused };
}

function Outcome(props: { of: Sent }): JSX.Element | null {
  const { of } = props;
  if (of.is === "nothing") return null;
  if (of.is === "sending") return <p class="muted">{tt("uploadSending")}</p>;
  return (
    <>
      {of.is === "taken" ? <p>{tt("uploadTaken", { n: of.accepted })}</p> : <p class="warn">{tt("uploadFailed", { why: of.why })}</p>}
      {of.refused.length > 0 && (
        <ul class="warn">
          {of.refused.slice(0, 20).map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </>
  );
}
