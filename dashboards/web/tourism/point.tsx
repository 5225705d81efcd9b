// One point: live, its day, its hours, its recordings, and what of it is public.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { lang, t, times, zoneName } from "../shared/live";
import { number } from "../shared/format";
import { cameraWord, statusOf } from "../shared/tile";
import { textValue } from "../shared/words";
import { addDays, momentAt } from "../shared/zoned";
import type { CameraView } from "../shared/cameras";
import { Meter, StateLine } from "./gallery";
import { BestPanel, HoursPanel } from "./hours";
import { LinksPanel } from "./links";
import { RecordingsPanel } from "./recordings";
import { points, standings, today, zone } from "./state";
import { StripPanel } from "./strip";
import { tt } from "./words";

export function Point(props: { id: string }): JSX.Element {
  const view = points.value.find((v) => v.camera.id === props.id);
  if (!view) {
    return (
      <main class="point">
        <p class="empty">
          <strong>{points.value.length === 0 ? tt("loading") : tt("unknownPoint")}</strong>
        </p>
        <Back />
      </main>
    );
  }
  return <Known key={props.id} view={view} />;
}

function Back(): JSX.Element {
  return (
    <a class="back" href="#/">
      ← {tt("back")}
    </a>
  );
}

function Known(props: { view: CameraView }): JSX.Element {
  const { view } = props;
  const { id, name, zone } = view.camera.properties;
  const chosen = useSignal<string | undefined>(undefined);
  const day = chosen.value ?? today.value;
  return (
    <main class="point" data-camera={id}>
      <header class="point-head">
        <Back />
        <h2>{name}</h2>
        <span class="muted">{zoneName(zone)}</span>
        <Day day={day} choose={(d) => (chosen.value = d === today.value ? undefined : d)} />
      </header>
      <div class="seen">
        <div class="sight">
          <camera-tile key={id} camera={id} stream="main" label="" lang={lang.value} status={statusOf(view)} />
        </div>
        {day && <StripPanel camera={id} day={day} />}
        {day && <RecordingsPanel camera={id} day={day} records={view.camera.properties.recording !== undefined} />}
      </div>
      <div class="known">
        <Facts view={view} />
        {day && <BestPanel camera={id} day={day} />}
        {day && <HoursPanel camera={id} day={day} />}
      </div>
      <LinksPanel camera={id} />
    </main>
  );
}

function Facts(props: { view: CameraView }): JSX.Element {
  const { view } = props;
  const p = view.camera.properties;
  const l = lang.value;
  const standing = standings.value.get(p.id);
  const picture = p.usable === undefined ? tt("unmeasured") : p.usable ? tt("usable") : `${tt("notUsable")}: ${textValue(l, p.picture ?? "")}`;
  return (
    <section class="facts panel" aria-label={tt("state")}>
      <h3>{tt("state")}</h3>
      <StateLine view={view} />
      {p.detail && view.look === "off" && <p class="muted">{p.detail}</p>}
      <p>
        <span class="muted">{tt("pictureNow")}: </span>
        {view.look === "online" ? picture : t(cameraWord(view.look))}
      </p>
      {p.codec && (
        <p>
          <span class="muted">{t("cameraPicture")}: </span>
          {[p.codec, p.width && p.height ? `${p.width} × ${p.height}` : "", p.fps === undefined ? "" : t("cameraFps", { n: number(l, p.fps, 0) })].filter(Boolean).join(" · ")}
        </p>
      )}
      <Meter label={tt("up7")} share={standing?.up} rests="measuredOf" />
      <Meter label={tt("usable7")} share={standing?.usable} rests="judgedOf" />
    </section>
  );
}

function Day(props: { day: string; choose: (day: string) => void }): JSX.Element {
  const { day, choose } = props;
  const last = today.value;
  return (
    <nav class="day" aria-label={tt("day")}>
      <button type="button" class="plain" disabled={!day} onClick={() => choose(addDays(day, -1))} aria-label={tt("before")}>
        ‹
      </button>
      <label>
        {tt("day")}{" "}
        <input type="date" value={day} max={last} onChange={(event) => /^\d{4}-\d\d-\d\d$/.test(event.currentTarget.value) && choose(event.currentTarget.value)} />
      </label>
      <button type="button" class="plain" disabled={!day || day >= last} onClick={() => choose(addDays(day, 1))} aria-label={tt("after")}>
        ›
      </button>
      <button type="button" class="plain" disabled={day === last} onClick={() => choose(last)}>
        {tt("today")}
      </button>
      {day && <strong class="day-name">{times.value.date(lang.value, momentAt(zone.value, day, "12:00"))}</strong>}
    </nav>
  );
}
