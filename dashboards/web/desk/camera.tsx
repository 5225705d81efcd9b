// One camera: live, or what it saw at the moment that is shown.

import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get } from "../shared/api";
import { clipAt, spans, type CameraView } from "../shared/cameras";
import { ClipHoles, useClipFacts } from "../shared/clipview";
import { number } from "../shared/format";
import { lang, now, t, times, zoneName } from "../shared/live";
import { CameraMark } from "../shared/marks";
import { statusOf } from "../shared/tile";
import { textValue } from "../shared/words";
import type { Interval } from "../shared/wire";
import { AlertsOf } from "./device";
import { moment, past, shownViews } from "./hindsight";
import { d } from "./words";

/** How long a clip is, in ms, and how much of it lies before the moment. */
const clipLength = 2 * 60_000;
const clipLead = 10_000;

/** What is played instead of the live picture; times in ms. */
const clip = signal<{ camera: string; from: number; to: number } | undefined>(undefined);

export function CameraCard(props: { id: string }): JSX.Element {
  const view = shownViews.value.find((v) => v.camera.id === props.id);
  useEffect(() => () => void (clip.value = undefined), [props.id]);
  if (!view) return <p class="nothing warn">{d("noCamera")}</p>;
  const p = view.camera.properties;
  const at = moment.value;
  const playing = clip.value?.camera === p.id ? clip.value : undefined;
  return (
    <article class="detail" data-camera={p.id}>
      <header>
        <CameraMark look={view.look} />
        <div>
          <h2>{p.name}</h2>
          <p class="muted">
            {zoneName(p.zone)} · {d("deviceId")} {p.id}
          </p>
        </div>
      </header>
      {at !== undefined ? (
        <Then id={p.id} at={at} />
      ) : playing ? (
        <>
          <Clip key={playing.from} camera={p.id} from={playing.from} to={playing.to} />
          <button type="button" class="plain" onClick={() => (clip.value = undefined)}>
            {t("cameraBackLive")}
          </button>
        </>
      ) : (
        <camera-tile key={p.id} camera={p.id} stream="main" label="" lang={lang.value} status={statusOf(view)} />
      )}
      <Facts view={view} />
      {p.recording !== undefined && at === undefined && <Recorded key={p.id} camera={p.id} playing={playing} />}
      <AlertsOf id={p.id} />
    </article>
  );
}

/** What the camera saw at a moment of the past, if that was recorded. */
export function Then(props: { id: string; at: number }): JSX.Element {
  const { id, at } = props;
  const time = times.value.since(lang.value, at, now.value ?? at);
  const recorded = past.value?.recordings.some((r) => r.camera === id);
  if (!past.value) return <p class="muted">{d("loading")}</p>;
  if (!recorded) return <p class="nothing warn">{d("cameraThenNone", { time })}</p>;
  return (
    <>
      <h3>{d("cameraAtThen", { time })}</h3>
      <Clip key={Math.round(at / 5000)} camera={id} from={at - clipLead} to={at + clipLength} start={clipLead / 1000} />
    </>
  );
}

/** A recorded clip; it is nothing like live, and says of when each picture is. */
function Clip(props: { camera: string; from: number; to: number; start?: number }): JSX.Element {
  const failed = useSignal(false);
  const shown = useSignal(props.from);
  // What is chosen may reach to now: its end stays where it was at first, or it would begin anew each second.
  const to = useSignal(Math.min(props.to, now.peek() ?? props.to)).value;
  const query = new URLSearchParams({ from: new Date(props.from).toISOString(), to: new Date(to).toISOString() });
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
        onLoadedMetadata={(event) => {
          if (props.start) event.currentTarget.currentTime = Math.max(0, (props.from - begin) / 1000 + props.start);
        }}
        onTimeUpdate={(event) => (shown.value = begin + event.currentTarget.currentTime * 1000)}
        onError={() => (failed.value = true)}
      />
      <p class="clip-of">
        {t("cameraClip", { time: `${times.value.long(lang.value, shown.value)}, ${times.value.date(lang.value, shown.value)}` })}{" "}
        <a class="plain" href={url} download={`${props.camera}.mp4`}>
          {d("cameraDownload")}
        </a>
      </p>
      <ClipHoles facts={facts.value} shown={shown.value} />
      {failed.value && <p class="warn">{d("cameraFailed")}</p>}
    </div>
  );
}

function Facts(props: { view: CameraView }): JSX.Element {
  const { view } = props;
  const p = view.camera.properties;
  const l = lang.value;
  const live = moment.value === undefined;
  const rows: [string, string][] = [[t("cameras"), view.state ? textValue(l, view.state) : t("cameraUnknown")]];
  if (live && p.state === view.state && p.since) rows[0]![1] += ` ${t("cameraStateSince", { time: times.value.since(l, Date.parse(p.since), now.value ?? 0) })}`;
  if (live && p.detail && view.look === "off") rows.push([t("cameraUnknown"), p.detail]);
  if (live && p.codec) {
    rows.push([t("cameraPicture"), [p.codec, p.width && p.height ? `${p.width} × ${p.height}` : "", p.fps === undefined ? "" : t("cameraFps", { n: number(l, p.fps, 0) })].filter(Boolean).join(" · ")]);
  }
  if (live && p.bitrate !== undefined) rows.push([t("cameraRate"), `${number(l, p.bitrate / 1e6, 2)} Mbit/s`]);
  if (live && p.usable !== undefined) rows.push([t("cameraUsable"), p.usable ? t("cameraUsableYes") : `${t("cameraUsableNo")}${p.picture ? `: ${textValue(l, p.picture)}` : ""}`]);
  if (live && p.recording !== undefined) rows.push([t("cameraRecorded"), t(p.recording ? "cameraRecording" : "cameraNotRecording")]);
  return (
    <dl class="facts">
      {rows.map(([key, text]) => (
        <div key={key}>
          <dt class="muted">{key}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

const day = 24 * 3_600_000;

/** What is recorded of the last day, on a line that plays where it is touched. */
function Recorded(props: { camera: string; playing: { from: number } | undefined }): JSX.Element {
  const known = useSignal<{ at: number; intervals: Interval[] } | "failed" | undefined>(undefined);
  useEffect(() => {
    const abort = new AbortController();
    const to = now.peek() ?? Date.now();
    const query = new URLSearchParams({ from: new Date(to - day).toISOString(), to: new Date(to).toISOString() });
    get<{ intervals: Interval[] }>(`cameras/${encodeURIComponent(props.camera)}/recordings?${query}`, abort.signal)
      .then((answer) => (known.value = { at: to, intervals: answer.intervals }))
      .catch(() => {
        if (!abort.signal.aborted) known.value = "failed";
      });
    return () => abort.abort();
  }, [props.camera, props.playing]);
  const k = known.value;
  if (!k) return <p class="muted">{d("loading")}</p>;
  if (k === "failed") return <p class="warn">{t("cameraTimelineFailed")}</p>;
  if (k.intervals.length === 0) return <p class="muted">{t("cameraTimelineNone")}</p>;
  const from = k.at - day;
  return (
    <section>
      <h3>{d("cameraRecorded24")}</h3>
      <button
        type="button"
        class="recorded"
        aria-label={t("cameraTimeline")}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          // Asked for with the keyboard: the newest.
          const fraction = event.detail === 0 ? 1 : (event.clientX - box.left) / box.width;
          const found = clipAt(k.intervals, from + fraction * day, clipLength);
          if (found) clip.value = { camera: props.camera, ...found };
        }}
      >
        <svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
          {spans(k.intervals, from, k.at).map((s) => (
            <rect key={s.from} x={s.from * 1000} y="0" width={Math.max(1, (s.to - s.from) * 1000)} height="10" />
          ))}
          {props.playing && <rect class="playing" x={((props.playing.from - from) / day) * 1000 - 2} y="0" width="4" height="10" />}
        </svg>
      </button>
      <ol class="hours" aria-hidden="true">
        {Array.from({ length: 5 }, (_, i) => (
          <li key={i}>{times.value.short(lang.value, from + (i / 4) * day)}</li>
        ))}
      </ol>
    </section>
  );
}
