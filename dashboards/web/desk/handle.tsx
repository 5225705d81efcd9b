// The buttons of what can be done about an alert, and what came of it.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { alerts, lang, now, phase, t, times } from "../shared/live";
import { teamName } from "../shared/teams";
import type { Alert } from "../shared/wire";
import { act, asked, begin, outcome, possible, ready, serviceRule, verbs, type Given, type Outcome, type Verb } from "./actions";
import { moment } from "./hindsight";
import { placeOf } from "./names";
import { askTeams, teams } from "./teams";
import { inputTime, readTime } from "./time";
import { coded, d, type DeskWord } from "./words";

export function Handling(props: { alert: Alert }): JSX.Element {
  const { alert } = props;
  const can = possible(alert.properties);
  return (
    <section class="handling" aria-label={d("actions")}>
      <div class="buttons">
        {can.map((verb) => (
          <VerbButton key={verb} alert={alert} verb={verb} />
        ))}
      </div>
      {moment.value !== undefined ? <p class="muted">{d("actionsPast")}</p> : phase.value !== "live" && <p class="warn">{d("actionsLost")}</p>}
      <Told alert={alert} />
    </section>
  );
}

/** What an action is called for this alert: of a device's window it is something else than of the device. */
function verbWord(alert: Alert, verb: Verb): DeskWord {
  if (alert.properties.rule !== serviceRule) return `do_${verb}`;
  if (verb === "out_of_service") return "do_move_window";
  return verb === "back_in_service" && alert.properties.condition === "pending" ? "do_call_off" : `do_${verb}`;
}

export function VerbButton(props: { alert: Alert; verb: Verb }): JSX.Element {
  const { alert, verb } = props;
  const word = verbWord(alert, verb);
  return (
    <button type="button" class={verb === "acknowledge" ? "main" : "plain"} disabled={!ready()} onClick={() => void begin(alert, verb)}>
      {d(word)} {word !== "do_move_window" && <kbd>{verbs[verb].key.toUpperCase()}</kbd>}
    </button>
  );
}

/** What came of the last action on this alert. */
function Told(props: { alert: Alert }): JSX.Element {
  const o = outcome.value;
  const here = o && o.alert === props.alert.id ? o : undefined;
  return (
    <p class={`outcome ${here?.state ?? ""}`} role="status">
      {here ? inWords(here) : ""}
    </p>
  );
}

export function inWords(o: Outcome): string {
  const what = d(`do_${o.verb}`);
  switch (o.state) {
    case "sending":
      return d("out_sending", { what });
    case "done":
      return d("out_done", { what });
    case "refused":
      return d("out_refused", { what, why: o.why ?? "" });
    case "failed":
      return d("out_failed", { what, why: o.why ?? "" });
    case "quicker": {
      const p = o.now?.properties;
      if (!o.by || !p) return d("out_quickerReading", { what, level: p?.level ?? "" });
      const updated = Date.parse(p.updated);
      return d("out_quicker", {
        what, who: o.by, now: coded("handling", p.handling), time: times.value.since(lang.value, updated, now.value ?? updated),
      });
    }
  }
}

/** Asks for what an action needs: a team, a reason, a time. */
export function ActionDialog(): JSX.Element | null {
  const a = asked.value;
  return a ? <Form key={`${a.alert.id} ${a.verb}`} alert={a.alert} verb={a.verb} to={a.to} /> : null;
}

/** How long things are shelved, or promised for, in minutes. */
const spans = [30, 60, 120, 240, 480];

function Form(props: { alert: Alert; verb: Verb; to: string | undefined }): JSX.Element {
  const { alert, verb } = props;
  const needs = verbs[verb];
  const dialog = useRef<HTMLDialogElement>(null);
  const to = useSignal(props.to ?? teamName(alert.properties.assigned ?? ""));
  const note = useSignal("");
  const window = alerts.peek().find((a) => a.properties.rule === serviceRule && a.properties.device === alert.properties.device)?.properties;
  const moved = verb === "out_of_service" ? window : undefined;
  const written = (text: string | undefined): string => (text ? inputTime(times.value, Date.parse(text)) : "");
  const from = useSignal(moved?.condition === "pending" ? written(moved.maintenance?.from) : "");
  const version = useSignal(moved?.version);
  const until = useSignal(moved ? written(moved.maintenance?.until) : needs.until === "must" ? inputTime(times.value, (now.peek() ?? Date.now()) + 60 * 60_000) : "");
  const close = (): void => void (asked.value = undefined);
  useEffect(() => {
    dialog.current?.showModal();
    if (needs.to) void askTeams();
  }, []);
  const send = async (): Promise<void> => {
    const given: Given = {};
    if (to.value.trim() && needs.to) given.to = to.value.trim();
    if (note.value.trim()) given.note = note.value.trim();
    const time = needs.until ? readTime(times.value, until.value) : undefined;
    if (time !== undefined) given.until = new Date(time).toISOString();
    const begins = needs.from ? readTime(times.value, from.value) : undefined;
    if (begins !== undefined) given.from = new Date(begins).toISOString();
    if (version.value !== undefined) given.version = version.value;
    close();
    await act(alert, verb, given);
  };
  const noteLabel: DeskWord = needs.note === "must" && verb !== "note" ? "fieldWhy" : "fieldNote";
  return (
    <dialog ref={dialog} class="action" aria-labelledby="action-title" onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <h2 id="action-title">{d(`ask_${verb}` as DeskWord)}</h2>
        <p class="muted">
          {alert.properties.name[lang.value]} · {placeOf(alert)}
        </p>
        {needs.to && (
          <label>
            {d("fieldTeam")}
            <input list="teams" value={to.value} required={needs.to === "must"} maxLength={100} autocomplete="off" autofocus onInput={(e) => (to.value = e.currentTarget.value)} />
            <datalist id="teams">
              {teams.value.map((team) => (
                <option key={team.id} value={team.name}>
                  {coded("team", team.state)}
                </option>
              ))}
            </datalist>
          </label>
        )}
        {needs.from && (
          <label>
            {d("fieldFrom")}
            <input type="datetime-local" value={from.value} onInput={(e) => (from.value = e.currentTarget.value)} />
          </label>
        )}
        {needs.until && (
          <label>
            {d(needs.from ? "fieldEnds" : needs.until === "must" ? "fieldUntil" : "fieldDue")}
            <input type="datetime-local" value={until.value} required={needs.until === "must"} onInput={(e) => (until.value = e.currentTarget.value)} />
            <span class="spans">
              {spans.map((minutes) => (
                <button key={minutes} type="button" class="plain" onClick={() => (until.value = inputTime(times.value, (readTime(times.value, from.peek()) ?? now.peek() ?? Date.now()) + minutes * 60_000))}>
                  +{minutes < 60 ? t("minutes", { n: minutes }) : t("hours", { n: minutes / 60 })}
                </button>
              ))}
            </span>
          </label>
        )}
        {needs.note && (
          <label>
            {d(noteLabel)}
            <textarea rows={3} value={note.value} required={needs.note === "must"} maxLength={2000} autofocus={!needs.to} onInput={(e) => (note.value = e.currentTarget.value)} />
          </label>
        )}
        {verb === "shelve" && <p class="muted">{d("shelveHint")}</p>}
        {verb === "out_of_service" && <p class="muted">{d("outHint")}</p>}
        <div class="buttons">
          <button type="button" class="plain" onClick={close}>
            {d("cancel")}
          </button>
          <button type="submit" class="main">
            {d(verbWord(alert, verb))}
          </button>
        </div>
      </form>
    </dialog>
  );
}
