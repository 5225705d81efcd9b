// One camera large: its picture, how it is, and what is recorded of it.

import { computed, signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get } from "../shared/api";
import { clipAt, spans, type CameraView } from "../shared/cameras";
import { ClipHoles, useClipFacts } from "../shared/clipview";
import { number } from "../shared/format";
import { textValue, type Word } from "../shared/words";
import type { Interval } from "../shared/wire";
import { views } from "../shared/views";
import { openCamera } from "./cameras";
import { CameraMark } from "../shared/marks";
import { Ago } from "../shared/ago";
import { now, lang, t, times, zoneName } from "../shared/live";
import { statusOf } from "../shared/tile";

const opened = computed(() => views.value.find((v) => v.camera.id === openCamera.value));

/** The recorded clip that is played instead of the live picture; times in ms. */
const clip = signal<{ camera: string; from: number; to: number } | undefined>(undefined);

export function CameraPanel(): JSX.Element | null {
  const view = opened.value;
  useEffect(() => () => void (clip.value = undefined), [view?.camera.id]);
  if (!view) return null;
  const { id, name, zone, recording } = view.camera.properties;
  const playing = clip.value?.camera === id ? clip.value : undefined;
  return (
    <section class="camera" aria-label={name}>
      <header>
        <CameraMark look={view.look} />
        <h2>{name}</h2>
        <span class="muted">{zoneName(zone)}</span>
        <button type="button" class="plain" onClick={() => (openCamera.value = undefined)}>
          {t("cameraClose")}
        </button>
      </header>
      {playing ? (
        <Clip key={playing.from} camera={id} from={playing.from} to={playing.to} />
      ) : (
        <camera-tile key={id} camera={id} stream="main" label="" lang={lang.value} status={statusOf(view)} />
      )}
      <Details view={view} />
      {recording !== undefined && <Timeline key={id} camera={id} playing={playing} />}
    </section>
  );
}

function Details(props: { view: CameraView }): JSX.Element {
  const { view } = props;
  const p = view.camera.properties;
  const l = lang.value;
  const told = p.state === view.state;
  const rows: [Word, string][] = [];
  if (p.codec) rows.push(["cameraPicture", [p.codec, p.width && p.height ? `${p.width} × ${p.height}` : "", p.fps === undefined ? "" : t("cameraFps", { n: number(l, p.fps, 0) })].filter(Boolean).join(" · ")]);
  if (p.bitrate !== undefined) rows.push(["cameraRate", `${number(l, p.bitrate / 1e6, 2)} Mbit/s`]);
  if (p.usable !== undefined) rows.push(["cameraUsable", p.usable ? t("cameraUsableYes") : `${t("cameraUsableNo")}${p.picture ? `: ${textValue(l, p.picture)}` : ""}`]);
  if (p.recording !== undefined) rows.push(["cameraRecorded", t(p.recording ? "cameraRecording" : "cameraNotRecording")]);
  if (p.gateway) rows.push(["cameraGateway", p.gateway]);
  return (
    <dl class="details">
      <div class={`state-row ${view.look}`}>
        <dt>{view.state ? textValue(l, view.state) : t("cameraUnknown")}</dt>
        <dd>
          {told && p.since && t("cameraStateSince", { time: times.value.since(l, Date.parse(p.since), now.value ?? Date.parse(p.since)) })}
          {view.look !== "online" && p.last_frame && (
            <>
              {" · "}
              {t("cameraLast", { time: times.value.since(l, Date.parse(p.last_frame), now.value ?? 0) })} (<Ago ms={Date.parse(p.last_frame)} />)
            </>
          )}
          {told && p.detail && view.look === "off" && <span class="muted"> {p.detail}</span>}
        </dd>
      </div>
      {rows.map(([key, text]) => (
        <div key={key}>
          <dt class="muted">{t(key)}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A recorded clip; it is nothing like live, and says so, and of when each picture is. */
function Clip(props: { camera: string; from: number; to: number }): JSX.Element {
  const failed = useSignal(false);
  const shown = useSignal(props.from);
  const query = new URLSearchParams({ from: new Date(props.from).toISOString(), to: new Date(props.to).toISOString() });
  const url = `api/v1/cameras/${encodeURIComponent(props.camera)}/clip.mp4?${query}`;
  const facts = useClipFacts(url, props.from);
  const { begin } = facts.value;
  return (
    <div class="clip">
      <video
        src={url}
        controls
        autoplay
        muted
        onTimeUpdate={(event) => (shown.value = begin + event.currentTarget.currentTime * 1000)}
        onError={() => (failed.value = true)}
      />
      <p class="clip-of">
        {t("cameraClip", { time: clock(shown.value) })}
        <button type="button" class="plain" onClick={() => (clip.value = undefined)}>
          {t("cameraBackLive")}
        </button>
      </p>
      <ClipHoles facts={facts.value} shown={shown.value} />
      {failed.value && <p class="failed">{t("cameraClipFailed")}</p>}
    </div>
  );
}

/** 14:03:22, with the day where that was not today. */
function clock(ms: number): string {
  const date = times.value.date(lang.value, ms);
  const today = now.value !== undefined && date === times.value.date(lang.value, now.value);
  return today ? times.value.long(lang.value, ms) : `${times.value.long(lang.value, ms)}, ${date}`;
}

const day = 24 * 3_600_000;
/** How long a clip is that somebody points at, in ms. */
const clipLength = 2 * 60_000;
/** How often the list of what is recorded is asked for again, in ms. */
const askAgain = 30_000;

/** What is recorded of the last day, on a line that plays where it is touched. */
function Timeline(props: { camera: string; playing: { from: number } | undefined }): JSX.Element | null {
  const recorded = useSignal<{ at: number; intervals: Interval[] } | "failed" | undefined>(undefined);
  useEffect(() => {
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      const to = now.peek() ?? Date.now();
      const query = new URLSearchParams({ from: new Date(to - day).toISOString(), to: new Date(to).toISOString() });
      try {
        const answer = await get<{ intervals: Interval[] }>(`cameras/${encodeURIComponent(props.camera)}/recordings?${query}`, abort.signal);
        recorded.value = { at: to, intervals: answer.intervals };
      } catch {
        if (!abort.signal.aborted) recorded.value = "failed";
      }
    };
    void ask();
    const timer = window.setInterval(() => void ask(), askAgain);
    return () => {
      abort.abort();
      window.clearInterval(timer);
    };
  }, [props.camera]);
  const known = recorded.value;
  if (!known) return <div class="timeline" />;
  if (known === "failed") return <p class="timeline muted">{t("cameraTimelineFailed")}</p>;
  if (known.intervals.length === 0) return <p class="timeline muted">{t("cameraTimelineNone")}</p>;
  return <Line camera={props.camera} at={known.at} intervals={known.intervals} playing={props.playing} />;
}

function Line(props: { camera: string; at: number; intervals: Interval[]; playing: { from: number } | undefined }): JSX.Element {
  const { at, intervals, playing, camera } = props;
  const from = at - day;
  const play = (fraction: number): void => {
    const found = clipAt(intervals, from + fraction * day, clipLength);
    if (found) clip.value = { camera, ...found };
  };
  const hours = Array.from({ length: 7 }, (_, i) => i / 6);
  return (
    <div class="timeline">
      <button
        type="button"
        class="line"
        aria-label={t("cameraTimeline")}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          // Asked for with the keyboard: the newest.
          play(event.detail === 0 ? 1 : (event.clientX - box.left) / box.width);
        }}
      >
        <svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
          {spans(intervals, from, at).map((s) => (
            <rect key={s.from} x={s.from * 1000} y="0" width={Math.max(1, (s.to - s.from) * 1000)} height="10" />
          ))}
          {playing && <rect class="playing" x={((playing.from - from) / day) * 1000 - 2} y="0" width="4" height="10" />}
        </svg>
      </button>
      <ol class="hours" aria-hidden="true">
        {hours.map((h) => (
          <li key={h}>{times.value.short(lang.value, from + h * day)}</li>
        ))}
      </ol>
    </div>
  );
}
