// What was promised and is due now: it stays in sight until somebody says that it is kept.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get, post } from "../shared/api";
import { duration } from "../shared/format";
import { alerts, due, lang, now, operator, times } from "../shared/live";
import { askOperator } from "../shared/operator";
import { ready } from "./actions";
import { reason } from "./load";
import { openThing } from "./route";
import { d } from "./words";

interface OpenPromise {
  id: string;
  due: string;
  by: string;
  note: string;
  handover?: string;
  alert?: string;
}

const known = signal<readonly OpenPromise[]>([]);
const trouble = signal("");

async function ask(): Promise<void> {
  try {
    known.value = (await get<{ promises: OpenPromise[] }>("promises")).promises;
    trouble.value = "";
  } catch (error) {
    trouble.value = reason(error);
  }
}

async function keep(id: string): Promise<void> {
  const actor = operator.value || (await askOperator());
  if (!actor) return;
  try {
    const left = await post<{ due: number; promises: OpenPromise[] }>(`promises/${encodeURIComponent(id)}/kept`, { actor });
    known.value = left.promises;
    due.value = left.due;
    trouble.value = "";
  } catch (error) {
    trouble.value = reason(error);
  }
}

/** How often they are asked for while any is due, in ms. */
const askEvery = 20_000;
/** So many are shown one by one. */
const most = 4;

export function DuePromises(): JSX.Element | null {
  const n = due.value;
  const at = now.value ?? 0;
  // Somebody else may keep one while another becomes due.
  const again = Math.floor(at / askEvery);
  useEffect(() => {
    if (n > 0 || known.peek().length > 0) void ask();
  }, [n, again]);
  const open = known.value.filter((p) => p.due && Date.parse(p.due) <= at);
  if (n === 0 && open.length === 0) return null;
  return (
    <section class="due-promises" aria-label={d("promisesDue", { n: Math.max(n, open.length) })}>
      <h2>{d("promisesDue", { n: Math.max(n, open.length) })}</h2>
      {trouble.value && (
        <p class="warn" role="alert">
          {trouble.value}
        </p>
      )}
      <ul>
        {open.slice(0, most).map((p) => (
          <Line key={p.id} p={p} at={at} />
        ))}
      </ul>
      {open.length > most && <p class="muted">{d("promisesMore", { n: open.length - most })}</p>}
    </section>
  );
}

function Line(props: { p: OpenPromise; at: number }): JSX.Element {
  const { p, at } = props;
  const when = Date.parse(p.due);
  const alert = p.alert && alerts.value.some((a) => a.id === p.alert) ? p.alert : undefined;
  return (
    <li>
      <b>{times.value.since(lang.value, when, at)}</b>
      <span>
        {alert ? (
          <button type="button" class="link" onClick={() => openThing("alert", alert)}>
            {p.note}
          </button>
        ) : (
          p.note
        )}{" "}
        <span class="muted">
          {p.by} · {d("promiseOverdue", { span: duration(lang.value, Math.max(0, at - when)) })}
        </span>
      </span>
      <button type="button" class="plain" disabled={!ready()} onClick={() => void keep(p.id)}>
        {d("promiseKept")}
      </button>
    </li>
  );
}
