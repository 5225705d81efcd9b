// How citywatch itself is.

import type { JSX } from "preact";
import { duration, number } from "../shared/format";
import { freshness, health, lang, now, sensors, t, times } from "../shared/live";
import { DeviceMark } from "../shared/marks";
import type { Freshness, Part, Storm } from "../shared/wire";
import { useLoaded } from "./load";
import { Figures } from "./figures";
import { openThing } from "./route";
import { d } from "./words";

export function SystemPage(): JSX.Element {
  const h = health.value;
  const counts = freshness.value;
  return (
    <section class="sheet system" aria-label={d("systemTitle")}>
      <header>
        <h2>{d("systemTitle")}</h2>
      </header>
      <Mode />
      {!h && <p class="nothing warn">{d("systemUnknown")}</p>}
      {h && (
        <table>
          <thead>
            <tr>
              <th>{d("systemPart")}</th>
              <th>{d("systemState")}</th>
              <th>{d("systemSince")}</th>
              <th>{d("systemDetail")}</th>
            </tr>
          </thead>
          <tbody>
            {h.sources.map((s) => (
              <PartRow key={s.name} name={d("systemSource", { name: s.name })} part={s} />
            ))}
            <PartRow name={d("systemJournal")} part={h.journal} />
            <PartRow name={d("systemStore")} part={h.store} />
          </tbody>
        </table>
      )}
      {counts && (
        <>
          <h3>{d("systemDevices")}</h3>
          <ul class="counts">
            {(["fresh", "late", "silent", "never"] as Freshness[]).map((f) => (
              <li key={f}>
                <DeviceMark look={f} /> <b>{number(lang.value, counts[f], 0)}</b> / {number(lang.value, sensors.value.length, 0)} {t(f)}
              </li>
            ))}
          </ul>
        </>
      )}
      <Figures />
      {h && h.lags.length > 0 && (
        <>
          <h3>{d("systemLags")}</h3>
          <table>
            <thead>
              <tr>
                <th>{d("systemReader")}</th>
                <th class="number">{d("systemEntries")}</th>
                <th class="number">{d("systemBehind")}</th>
              </tr>
            </thead>
            <tbody>
              {h.lags.map((lag) => (
                <tr key={lag.reader}>
                  <th scope="row">{lag.reader}</th>
                  <td class="number">{number(lang.value, lag.entries, 0)}</td>
                  <td class={`number ${lag.seconds > 60 ? "warn" : ""}`}>{duration(lang.value, lag.seconds * 1000)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      {h && h.unconfigured.length > 0 && (
        <>
          <h3>{d("systemUnconfigured")}</h3>
          <ul>
            {h.unconfigured.map((u) => (
              <li key={`${u.device}/${u.value}/${u.level}`}>
                <button type="button" class="link" onClick={() => openThing("device", u.device)}>
                  {u.name}
                </button>
                : {t("level", { n: u.level })} ({u.value})
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="muted">{d("honest")}</p>
    </section>
  );
}

function PartRow(props: { name: string; part: Part }): JSX.Element {
  const { state, since, detail } = props.part;
  const at = since ? Date.parse(since) : undefined;
  return (
    <tr>
      <th scope="row">{props.name}</th>
      <td class={state === "ok" ? "good" : state === "down" ? "bad" : "warn"}>{t(state)}</td>
      <td>{at === undefined ? "" : times.value.since(lang.value, at, now.value ?? at)}</td>
      <td>{detail}</td>
    </tr>
  );
}

/** Whether so many alerts come that they are folded. */
function Mode(): JSX.Element | null {
  const loaded = useLoaded<Storm>("storm", Math.floor((now.value ?? 0) / 10_000));
  const l = loaded.value;
  if (l.state !== "here" || !l.value.on) return null;
  const { recent, over, limit } = l.value;
  return (
    <p class="warn">
      <b>{d("systemMode")}</b>: {d("systemModeRecent", { n: recent, span: duration(lang.value, over * 1000), limit })}
    </p>
  );
}
