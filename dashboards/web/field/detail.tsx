// One alert: what it is, how to get there, and everything that one can do about it.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get } from "../shared/api";
import { length } from "../shared/format";
import { LevelBadge } from "../shared/marks";
import { unseen } from "../shared/world";
import type { Alert, IncidentCard, IncidentEvent, NearCamera } from "../shared/wire";
import { Away, Marks, measured, place, Standing } from "./parts";
import { shrink } from "./photo";
import { lang, radius, s } from "./speak";
import { ago, centre, clockTime, current, freshPosition, nextStep, over, press, show, stageIndex, stageOf, steps, teamName } from "./state";

/** How often what is not in the stream is asked for, in ms. */
const askEvery = 20_000;

interface Photo {
  id: string;
  by: string;
  note?: string;
  taken: string;
  received: string;
  position?: [number, number];
  accuracy?: number;
}

/** Asks for something now, when it changes, and again and again; undefined without an answer. */
function useAsked<T>(path: string | undefined, version: number): T | undefined {
  const answer = useSignal<{ path: string; value: T } | undefined>(undefined);
  const live = current.value;
  useEffect(() => {
    if (!path || !live) return;
    const gone = new AbortController();
    const ask = (): void => {
      get<T>(path, gone.signal).then(
        (value) => (answer.value = { path, value }),
        () => undefined, // what is known stays; without anything it says so
      );
    };
    ask();
    const timer = window.setInterval(ask, askEvery);
    return () => {
      gone.abort();
      window.clearInterval(timer);
    };
  }, [path, version, live]);
  return answer.value?.path === path ? answer.value?.value : undefined;
}

export function Detail(props: { alert: Alert }): JSX.Element {
  const { alert } = props;
  const p = alert.properties;
  const card = useAsked<IncidentCard>(p.incident ? `incidents/${encodeURIComponent(p.incident)}` : undefined, p.version);
  const photos = useAsked<{ photos: Photo[] }>(centre.value?.photos ? `alerts/${encodeURIComponent(alert.id)}/photos` : undefined, p.version);
  const value = measured(alert);
  return (
    <section class={`detail level-${p.level}`} aria-label={p.name[lang.value]}>
      <button type="button" class="back" onClick={() => show(undefined)}>
        ← {s("back")}
      </button>
      <div class="head">
        <LevelBadge level={p.level} seen={!unseen(alert)} stale={p.stale} label={s("level", { n: p.level })} />
        <div>
          <h1>{p.name[lang.value] || p.name.vi}</h1>
          <p class="place">{place(alert)}</p>
          <Away alert={alert} />
        </div>
      </div>
      <Marks alert={alert} />
      {value && (
        <p class="value">
          <b>{value.value}</b> {value.bound}
        </p>
      )}
      <p class="muted">
        {s("from", { time: clockTime(Date.parse(p.since)) })} · {ago(Date.parse(p.since))}
      </p>
      <p class="state">
        <Standing alert={alert} />
      </p>
      {over.value ? <p class="closed-note">{s("closedMeanwhile")}</p> : <Steps alert={alert} />}
      <Ways alert={alert} />
      <Write alert={alert} />
      <Nearest alert={alert} near={card?.cameras[0]} asked={card !== undefined} />
      {photos && photos.photos.length > 0 && <Photos alert={alert} photos={photos.photos} />}
      <Timeline alert={alert} events={card?.timeline} />
    </section>
  );
}

/** Seen, going, arrived, done: the next is large, but any later one may be taken. */
function Steps(props: { alert: Alert }): JSX.Element {
  const { alert } = props;
  const { stage } = stageOf(alert);
  const next = nextStep(stage);
  const reached = stageIndex(stage);
  return (
    <div class="steps">
      {next ? (
        <button type="button" class="step main" data-do={next} onClick={() => void press(alert, next)}>
          {s(`do_${next}`)}
        </button>
      ) : (
        <p class="finished">{s("allDone")}</p>
      )}
      <ol>
        {steps.map((verb, i) => (
          <li key={verb}>
            <button
              type="button"
              class={i < reached ? "reached" : ""}
              disabled={i < reached}
              data-step={verb}
              onClick={() => void press(alert, verb)}
            >
              <span aria-hidden="true">{i < reached ? "✓" : i + 1}</span>
              {s(`do_${verb}`)}
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** How to get there, and whom to call. */
function Ways(props: { alert: Alert }): JSX.Element | null {
  const at = props.alert.geometry?.coordinates;
  const call = centre.value?.call;
  if (!at && !call) return null;
  return (
    <p class="ways">
      {at && <a href={`geo:${at[1]},${at[0]}?q=${at[1]},${at[0]}`}>{s("directions")}</a>}
      {call && (
        <a class="call" href={`tel:${call.tel.replace(/[^+\d]/g, "")}`}>
          {s("call", { who: call.name || call.tel })}
        </a>
      )}
    </p>
  );
}

/** A photo or a note, with where the phone was when it was made. */
function Write(props: { alert: Alert }): JSX.Element {
  const { alert } = props;
  const photo = useSignal<Blob | undefined>(undefined);
  const writing = useSignal(false);
  const text = useSignal("");
  const fault = useSignal("");
  const position = useSignal(freshPosition());
  const choose = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    position.value = freshPosition(); // where it was taken, not where it is sent from
    try {
      photo.value = await shrink(file);
      fault.value = "";
      writing.value = true;
    } catch {
      fault.value = s("noRoom");
    }
  };
  const send = async (): Promise<void> => {
    const note = text.value.trim();
    if (photo.value) await press(alert, "photo", { photo: photo.value, note, fix: position.value });
    else if (note) await press(alert, "note", { note: position.value ? `${note}\n${spot(position.value)}` : note });
    else return;
    writing.value = false;
    photo.value = undefined;
    text.value = "";
  };
  const p = position.value;
  return (
    <div class="write">
      <p class="ways">
        {(centre.value?.photos ?? 0) > 0 && (
          <label class="button">
            {s("takePhoto")}
            <input
              type="file"
              accept="image/*"
              capture="environment"
              onChange={(event) => {
                void choose(event.currentTarget.files?.[0]);
                event.currentTarget.value = "";
              }}
            />
          </label>
        )}
        {!over.value && (
          <button
            type="button"
            class="button"
            onClick={() => {
              position.value = freshPosition();
              writing.value = true;
            }}
          >
            {s("writeNote")}
          </button>
        )}
      </p>
      {fault.value && <p class="fault">{fault.value}</p>}
      {writing.value && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          {photo.value && <Preview picture={photo.value} />}
          <label>
            {photo.value ? s("photoNote") : s("notePlace")}
            <textarea rows={3} maxLength={1000} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
          </label>
          <p class="muted">{p ? s("withPosition", { accuracy: radius(p.accuracy) }) : s("withoutPosition")}</p>
          <p class="choices">
            <button type="submit">{s("send")}</button>
            <button
              type="button"
              class="plain"
              onClick={() => {
                writing.value = false;
                photo.value = undefined;
              }}
            >
              {s("cancel")}
            </button>
          </p>
        </form>
      )}
    </div>
  );
}

function spot(f: { at: [number, number]; accuracy: number }): string {
  return `[${f.at[1].toFixed(5)}, ${f.at[0].toFixed(5)} ±${Math.round(f.accuracy)} m]`;
}

function Preview(props: { picture: Blob }): JSX.Element {
  const url = useSignal("");
  useEffect(() => {
    const made = URL.createObjectURL(props.picture);
    url.value = made;
    return () => URL.revokeObjectURL(made);
  }, [props.picture]);
  return <img class="preview" src={url.value} alt="" />;
}

/** What the nearest working camera shows, and when that was. */
function Nearest(props: { alert: Alert; near: NearCamera | undefined; asked: boolean }): JSX.Element {
  const { near, asked } = props;
  const picture = useSignal<{ url: string; at: number } | undefined>(undefined);
  const fault = useSignal("");
  const id = near?.camera.id;
  const live = current.value;
  useEffect(() => {
    if (!id || !live) return;
    const gone = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const response = await fetch(`api/v1/cameras/${encodeURIComponent(id)}/snapshot.jpg?width=640`, { signal: gone.signal });
        if (!response.ok) throw new Error(((await response.json()) as { detail?: string }).detail ?? response.statusText);
        const at = Date.parse(response.headers.get("X-Captured-At") ?? "");
        const blob = await response.blob();
        if (picture.value) URL.revokeObjectURL(picture.value.url);
        picture.value = { url: URL.createObjectURL(blob), at };
        fault.value = "";
      } catch (error) {
        if (!gone.signal.aborted) fault.value = error instanceof Error ? error.message : String(error);
      }
    };
    void ask();
    const timer = window.setInterval(() => void ask(), askEvery);
    return () => {
      gone.abort();
      window.clearInterval(timer);
      if (picture.value) URL.revokeObjectURL(picture.value.url);
      picture.value = undefined;
    };
  }, [id, live]);
  const shown = picture.value;
  return (
    <section class="nearest">
      <h2>{s("nearest")}</h2>
      {near && (
        <p>
          {near.camera.properties.name} · {s("nearestAway", { distance: length(lang.value, near.distance) })}
        </p>
      )}
      {shown && <img src={shown.url} alt={near?.camera.properties.name ?? ""} />}
      {shown && <p class="muted">{s("pictureAt", { time: clockTime(shown.at), age: ago(shown.at) })}</p>}
      {!near && <p class="muted">{asked ? s("pictureNoCamera") : s("pictureNone", { why: s(live ? "connecting" : "pictureOffline") })}</p>}
      {near && !shown && <p class="muted">{s("pictureNone", { why: fault.value || s(live ? "connecting" : "pictureOffline") })}</p>}
    </section>
  );
}

function Photos(props: { alert: Alert; photos: readonly Photo[] }): JSX.Element {
  return (
    <section class="photos">
      <h2>{s("photos")}</h2>
      <ul>
        {props.photos.map((p) => (
          <li key={p.id}>
            <img
              loading="lazy"
              src={`api/v1/alerts/${encodeURIComponent(props.alert.id)}/photos/${p.id}.jpg`}
              alt={s("photoOf", { who: p.by, time: clockTime(Date.parse(p.taken)) })}
            />
            <p>
              {s("photoBy", { who: p.by, time: clockTime(Date.parse(p.taken)) })} · {ago(Date.parse(p.taken))} ·{" "}
              {p.position ? s("photoAt", { accuracy: radius(p.accuracy ?? 0) }) : s("photoNowhere")}
            </p>
            {p.note && <p>{p.note}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The parts of a timeline that people made. */
const told: Record<string, Parameters<typeof s>[0]> = {
  acknowledged: "acknowledged",
  dispatched: "dispatched",
  on_scene: "on_scene",
  contained: "contained",
  closed: "closed",
  false_alarm: "false_alarm",
  noted: "do_note",
};

/** Two times are shown where what was pressed came later, in ms. */
const later = 30_000;

function Timeline(props: { alert: Alert; events: readonly IncidentEvent[] | undefined }): JSX.Element {
  const { alert, events } = props;
  const mine = events?.filter((e) => e.alert === alert.id && told[e.reason]) ?? [];
  if (events && mine.length === 0) return <></>;
  return (
    <section class="timeline">
      <h2>{s("timeline")}</h2>
      {!events && <p class="muted">{s("timelineNone")}</p>}
      <ol>
        {[...mine].reverse().map((e) => {
          const photo = e.note?.startsWith("photo:");
          const what = told[e.reason];
          const note = photo ? e.note?.split("\n").slice(1).join("\n") : e.note;
          const pressed = e.pressed && Date.parse(e.at) - Date.parse(e.pressed) > later ? Date.parse(e.pressed) : undefined;
          return (
            <li key={`${e.at}${e.reason}`}>
              <p>
                <strong>{photo ? s("do_photo") : what ? s(what) : e.reason}</strong> · {e.actor}
                {e.to && e.to !== e.actor ? ` · ${teamName(e.to)}` : ""}
              </p>
              <p class="muted">
                {pressed === undefined
                  ? clockTime(Date.parse(e.at))
                  : s("pressedReceived", { pressed: clockTime(pressed), received: clockTime(Date.parse(e.at)) })}
              </p>
              {note && <p>{note}</p>}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
