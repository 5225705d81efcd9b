// The messages that were refused.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { send } from "../shared/api";
import { lang, now, times } from "../shared/live";
import { number } from "../shared/format";
import { reason, useLoaded } from "./load";
import { ready } from "./actions";
import { coded, d } from "./words";
import type { DeadLetter } from "./wire";

/** As many are asked for at once. */
const most = 200;

export function LettersPage(): JSX.Element {
  const again = useSignal(0);
  const from = useSignal(0);
  const loaded = useLoaded<{ dead_letters: DeadLetter[] }>(`deadletters?limit=${most}&from=${from.value}`, again.value);
  const told = useSignal<{ text: string; good: boolean } | undefined>(undefined);
  const act = async (letter: DeadLetter, what: "replay" | "delete"): Promise<void> => {
    const n = letter.seq;
    try {
      if (what === "replay") await send("POST", `deadletters/${n}/replay`);
      else await send("DELETE", `deadletters/${n}`);
      told.value = { text: d(what === "replay" ? "lettersReplayed" : "lettersDeleted", { n }), good: true };
    } catch (error) {
      told.value = { text: d("lettersFailed", { n, why: reason(error) }), good: false };
    }
    again.value++;
  };
  const l = loaded.value;
  const list = l.state === "here" ? l.value.dead_letters : [];
  const last = list.at(-1);
  return (
    <section class="sheet letters" aria-label={d("lettersTitle")}>
      <header>
        <h2>{d("lettersTitle")}</h2>
        <span class="muted">{d("lettersHint")}</span>
      </header>
      <p class={`told ${told.value?.good === false ? "warn" : "good"}`} role="status">
        {told.value?.text}
      </p>
      {l.state === "loading" && <p class="nothing muted">{d("loading")}</p>}
      {l.state === "failed" && <p class="nothing warn">{d("lettersReadFailed", { why: l.why })}</p>}
      {l.state === "here" && list.length === 0 && <p class="nothing">{d("lettersNone")}</p>}
      {list.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>{d("lettersArrived")}</th>
              <th>{d("lettersSource")}</th>
              <th>{d("lettersWhy")}</th>
              <th>{d("lettersPayload")}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {list.map((letter) => (
              <Letter key={letter.seq} letter={letter} onAct={act} />
            ))}
          </tbody>
        </table>
      )}
      {list.length === most && last && (
        <button type="button" class="plain more" onClick={() => (from.value = last.seq + 1)}>
          {d("lettersMore")}
        </button>
      )}
    </section>
  );
}

function Letter(props: { letter: DeadLetter; onAct: (letter: DeadLetter, what: "replay" | "delete") => Promise<void> }): JSX.Element {
  const { letter, onAct } = props;
  const sure = useSignal(false);
  const busy = useSignal(false);
  const l = lang.value;
  const at = Date.parse(letter.arrived);
  const act = async (what: "replay" | "delete"): Promise<void> => {
    busy.value = true;
    await onAct(letter, what);
    busy.value = false;
  };
  return (
    <tr data-letter={letter.seq}>
      <td>{times.value.since(l, at, now.value ?? at)}</td>
      <td>
        {letter.source}
        <br />
        <span class="muted">{letter.topic ?? letter.device}</span>
      </td>
      <td>
        <b>{coded("refusal", letter.refusal)}</b>
        <br />
        <span class="muted">{letter.detail}</span>
      </td>
      <td>{letter.text ? <pre>{letter.text.slice(0, 600)}</pre> : <span class="muted">{d("lettersBytes", { n: number(l, Math.floor((letter.payload.length * 3) / 4), 0) })}</span>}</td>
      <td class="buttons">
        <button type="button" class="plain" disabled={busy.value || !ready()} onClick={() => void act("replay")}>
          {d("lettersReplay")}
        </button>
        {/* What is deleted is gone: asked twice. */}
        <button type="button" class="plain" disabled={busy.value || !ready()} onClick={() => (sure.value ? void act("delete") : (sure.value = true))} onBlur={() => (sure.value = false)}>
          {d(sure.value ? "lettersSure" : "lettersDelete")}
        </button>
      </td>
    </tr>
  );
}
