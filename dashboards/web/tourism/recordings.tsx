// What is recorded of a day, with its holes, and the clip that is chosen of it.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { spans, type Span } from "../shared/cameras";
import { ClipHoles, useClipFacts } from "../shared/clipview";
import { lang, t, times } from "../shared/live";
import type { Interval } from "../shared/wire";
import { addDays, momentAt, timeOf } from "../shared/zoned";
import { holesOf, type Choice } from "./shapes";
import { useAsked, zone } from "./state";
import { tt } from "./words";

const askEvery = 30_000;
/** How long a clip is that somebody points at, in ms. */
const usual = 2 * 60_000;

export function RecordingsPanel(props: { camera: string; day: string; records: boolean }): JSX.Element {
  const from = momentAt(zone.value, props.day);
  const to = momentAt(zone.value, addDays(props.day, 1));
  const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  const path = `cameras/${encodeURIComponent(props.camera)}/recordings?${query}`;
  const asked = useAsked<{ intervals: Interval[] }>(props.records ? path : "", askEvery).value;
  if (!props.records) {
    return (
      <section class="panel records" aria-label={tt("records")}>
        <h3>{tt("records")}</h3>
        <p class="muted">{tt("recordsNot")}</p>
      </section>
    );
  }
  return (
    <section class="panel records" aria-label={tt("records")}>
      <h3>{tt("records")}</h3>
      {asked.is === "loading" && <p class="muted">{tt("loading")}</p>}
      {asked.is === "failed" && <p class="warn">{tt("failed", { why: asked.why })}</p>}
      {asked.is === "known" &&
        (asked.value.intervals.length === 0 ? (
          <p class="muted">{tt("recordsNone")}</p>
        ) : (
          <Recorded key={props.day} camera={props.camera} day={props.day} from={from} to={to} intervals={asked.value.intervals} />
        ))}
    </section>
  );
}

function Recorded(props: { camera: string; day: string; from: number; to: number; intervals: Interval[] }): JSX.Element {
  const { intervals, from, to } = props;
  const newest = Date.parse(intervals.at(-1)!.to);
  const begins = Date.parse(intervals.at(-1)!.from);
  // The newest minutes, as whole seconds: that is what inputs of times show.
  const choice = useSignal<Choice>({ from: whole(Math.max(begins, newest - usual, from)), to: whole(Math.min(newest, to - 1000)) });
  const playing = useSignal(false);
  useEffect(() => void (playing.value = false), [choice.value]);
  const { value } = choice;
  const ok = value.to > value.from;
  const inside = spans(intervals, value.from, value.to);
  const href = clipURL(props.camera, value);
  const choose = (part: number): void => {
    const at = whole(from + part * (to - from));
    choice.value = { from: at, to: whole(Math.min(at + usual, to - 1000)) };
  };
  return (
    <>
      <Line intervals={intervals} from={from} to={to} choice={value} choose={choose} />
      <div class="clip-form">
        <label>
          {tt("clipFrom")} <TimeInput name="from" day={props.day} at={value.from} set={(at) => (choice.value = { ...value, from: at })} />
        </label>
        <label>
          {tt("clipTo")} <TimeInput name="to" day={props.day} at={value.to} set={(at) => (choice.value = { ...value, to: at })} />
        </label>
        {ok && inside.length > 0 && (
          <>
            <button type="button" class="plain" onClick={() => (playing.value = true)}>
              {tt("clipPlay")}
            </button>
            <a class="button" href={`${href}&download`} download>
              {tt("clipGet")}
            </a>
          </>
        )}
      </div>
      {!ok && <p class="warn">{tt("clipBad")}</p>}
      {ok && inside.length === 0 && <p class="warn">{tt("clipEmpty")}</p>}
      {ok && inside.length > 0 && <Holes choice={value} inside={inside} />}
      <p class="muted">{tt("clipLogged")}</p>
      {playing.value && ok && <Preview key={href} href={href} from={value.from} />}
    </>
  );
}

function whole(ms: number): number {
  return Math.round(ms / 1000) * 1000;
}

export function clipURL(camera: string, { from, to }: Choice): string {
  const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  return `api/v1/cameras/${encodeURIComponent(camera)}/clip.mp4?${query}`;
}

function TimeInput(props: { name: string; day: string; at: number; set: (at: number) => void }): JSX.Element {
  return (
    <input
      type="text"
      name={props.name}
      class="clock-input"
      inputMode="numeric"
      placeholder="14:03:00"
      pattern="([01]?\\d|2[0-3]):[0-5]\\d(:[0-5]\\d)?"
      value={timeOf(zone.value, props.at)}
      onChange={(event) => {
        const at = momentAt(zone.value, props.day, event.currentTarget.value.trim().padStart(5, "0"));
        if (!Number.isNaN(at)) props.set(at);
        else event.currentTarget.value = timeOf(zone.value, props.at);
      }}
    />
  );
}

function Preview(props: { href: string; from: number }): JSX.Element {
  const failed = useSignal(false);
  const shown = useSignal(props.from);
  const facts = useClipFacts(props.href, props.from);
  const { begin } = facts.value;
  return (
    <>
      <video
        src={props.href}
        controls
        autoplay
        muted
        onTimeUpdate={(event) => (shown.value = begin + event.currentTarget.currentTime * 1000)}
        onError={() => (failed.value = true)}
      />
      <p class="clip-of">{t("cameraClip", { time: times.value.long(lang.value, shown.value) })}</p>
      <ClipHoles facts={facts.value} shown={shown.value} />
      {failed.value && <p class="warn">{tt("clipPlayFailed")}</p>}
    </>
  );
}

/** When nothing was recorded within what is chosen. */
function Holes(props: { choice: Choice; inside: readonly Span[] }): JSX.Element | null {
  const holes = holesOf(props.choice, props.inside);
  if (holes.length === 0) return null;
  const clock = (ms: number): string => times.value.long(lang.value, ms);
  return <p class="warn">{tt("clipHoles", { holes: holes.map((h) => `${clock(h.from)}–${clock(h.to)}`).join(", ") })}</p>;
}

function Line(props: { intervals: Interval[]; from: number; to: number; choice: Choice; choose: (part: number) => void }): JSX.Element {
  const { from, to, choice } = props;
  const part = (ms: number): number => Math.min(1, Math.max(0, (ms - from) / (to - from)));
  const width = Math.max(2, 1000 * (part(choice.to) - part(choice.from)));
  return (
    <div class="record-line">
      <button
        type="button"
        aria-label={tt("recordsLine")}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          if (event.detail > 0) props.choose((event.clientX - box.left) / box.width);
        }}
      >
        <svg viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true">
          <defs>
            <pattern id="hole" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect class="hatch" width="2" height="8" />
            </pattern>
          </defs>
          <rect width="1000" height="20" fill="url(#hole)" />
          {spans(props.intervals, from, to).map((s) => (
            <rect key={s.from} class="recorded" x={s.from * 1000} width={Math.max(1, (s.to - s.from) * 1000)} height="20" />
          ))}
          <rect class="chosen" x={Math.min(998, 1000 * part(choice.from))} width={width} height="20" />
        </svg>
      </button>
      <ol aria-hidden="true">
        {[0, 6, 12, 18, 24].map((hour) => (
          <li key={hour}>{hour}</li>
        ))}
      </ol>
      <p class="muted">{tt("recordsLegend")}</p>
    </div>
  );
}
