// The scrubber: one moment of the past for the map, the alerts, the devices and the recordings.

import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { duration } from "../shared/format";
import { lang, now, t, times } from "../shared/live";
import { moment, past, toNow, told } from "./hindsight";
import { inputTime, readTime } from "./time";
import { d, type DeskWord } from "./words";

/** How far the line reaches, in hours. */
const spans = [1, 6, 24, 168];
const span = signal(6);
/** Where the line ends, in ms; it stands still while somebody looks back. */
const end = signal(0);

const minute = 60_000;

/** Begins looking back, some minutes ago; or ends it. */
export function togglePast(): void {
  if (moment.peek() !== undefined) toNow();
  else lookAt((now.peek() ?? Date.now()) - 10 * minute);
}

/** Looks at a moment, and has the line hold it. */
export function lookAt(at: number): void {
  const latest = now.peek() ?? Date.now();
  const to = Math.min(at, latest);
  const long = span.peek() * 60 * minute;
  if (moment.peek() === undefined) end.value = latest;
  if (to > end.peek() || to < end.peek() - long) {
    const fits = spans.find((h) => latest - to < h * 60 * minute);
    if (fits !== undefined) span.value = fits;
    end.value = fits === undefined ? to + (long / 2) : latest;
    if (end.peek() > latest) end.value = latest;
  }
  moment.value = to;
}

export function Scrubber(): JSX.Element {
  const at = moment.value;
  return (
    <footer class={`scrub ${at === undefined ? "" : "then"}`} aria-label={d("past")}>
      {at === undefined ? (
        <>
          <button type="button" class="plain" onClick={togglePast}>
            {d("past")} <kbd>T</kbd>
          </button>
          <span class="muted">{d("pastLive")}</span>
          <Jump />
        </>
      ) : (
        <Line at={at} />
      )}
    </footer>
  );
}

function Line(props: { at: number }): JSX.Element {
  const { at } = props;
  const l = lang.value;
  const long = span.value * 60 * minute;
  const from = end.value - long;
  const step = span.value <= 1 ? 5_000 : span.value <= 6 ? 30_000 : span.value <= 24 ? minute : 10 * minute;
  const whole = `${times.value.long(l, at)}, ${times.value.date(l, at)}`;
  const ago = now.value === undefined ? "" : d("pastAgo", { age: duration(l, now.value - at) });
  const move = (by: number): void => lookAt(at + by);
  return (
    <>
      <div class="row">
        <strong role="status">{d("pastAt", { time: whole })}</strong>
        <span class="ago">{ago}</span>
        <Trouble />
        <span class="spacer" />
        <Jump key={at} />
        <div class="spans" role="group" aria-label={d("pastSpan")}>
          {spans.map((h) => (
            <button
              key={h}
              type="button"
              class="plain"
              aria-pressed={span.value === h}
              onClick={() => {
                span.value = h;
                end.value = Math.min(now.peek() ?? at, Math.max(end.peek(), at + (h * 60 * minute) / 4));
                if (at < end.peek() - h * 60 * minute) end.value = Math.min(now.peek() ?? at, at + (h * 60 * minute) / 2);
              }}
            >
              {d(`pastSpan_${h}` as DeskWord)}
            </button>
          ))}
        </div>
        <button type="button" class="main" onClick={toNow}>
          {d("pastNow")} <kbd>T</kbd>
        </button>
      </div>
      <div class="line">
        <Step by={-10} onMove={move} />
        <Step by={-1} onMove={move} />
        <div class="slide">
          <input
            type="range"
            aria-label={d("pastScrub")}
            aria-valuetext={whole}
            min={from}
            max={end.value}
            step={step}
            value={at}
            onInput={(event) => (moment.value = Math.min(event.currentTarget.valueAsNumber, now.peek() ?? Infinity))}
          />
          <ol aria-hidden="true">
            {Array.from({ length: 7 }, (_, i) => (
              <li key={i}>{times.value.since(l, from + (i / 6) * long, end.value)}</li>
            ))}
          </ol>
        </div>
        <Step by={1} onMove={move} />
        <Step by={10} onMove={move} />
      </div>
    </>
  );
}

function Step(props: { by: number; onMove: (ms: number) => void }): JSX.Element {
  const { by } = props;
  const n = t("minutes", { n: Math.abs(by) });
  return (
    <button type="button" class="plain" aria-label={d(by < 0 ? "pastBack" : "pastForward", { n })} onClick={() => props.onMove(by * minute)}>
      {by < 0 ? "−" : "+"}
      {n}
    </button>
  );
}

/** Goes to a time that is written down. */
function Jump(): JSX.Element {
  const text = useSignal("");
  const shown = text.value || inputTime(times.value, moment.value ?? now.value ?? Date.now());
  return (
    <form
      class="jump"
      onSubmit={(event) => {
        event.preventDefault();
        const at = readTime(times.value, shown);
        if (at !== undefined) lookAt(at);
        text.value = "";
      }}
    >
      <label>
        <span class="muted">{d("pastGo")}</span>{" "}
        <input type="datetime-local" aria-label={d("pastGo")} value={shown} onInput={(event) => (text.value = event.currentTarget.value)} />
      </label>
      <button type="submit" class="plain">
        {d("historyApply")}
      </button>
    </form>
  );
}

/** What of that moment is not known, and what else is to be known of it. */
function Trouble(): JSX.Element {
  const answer = told.value;
  const p = past.value;
  if (answer.state === "failed") return <span class="warn">{d("pastFailed", { why: answer.why })}</span>;
  if (!p) return <span class="muted">{d("pastLoading")}</span>;
  const l = lang.value;
  return (
    <span class="known">
      {p.alerts === null && <span class="warn">{d("pastNoAlerts", { since: times.value.since(l, Date.parse(p.since), now.value ?? 0) })}</span>}
      {p.devices === null && <span class="warn"> {d("pastNoDevices")}</span>}
      {p.alerts !== null && p.devices !== null && <span title={d("pastKnown")}>{p.recordings.length > 0 ? d("pastRecorded", { n: p.recordings.length }) : d("pastNoRecording")}</span>}
      {answer.state === "loading" && ` ${d("pastLoading")}`}
    </span>
  );
}
