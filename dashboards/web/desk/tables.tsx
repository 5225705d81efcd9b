// All devices, and all cameras.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { age } from "../shared/format";
import { freshnessAt } from "../shared/freshness";
import { classes, lang, t, zoneName } from "../shared/live";
import { CameraMark, DeviceMark } from "../shared/marks";
import { works } from "../shared/cameras";
import { statusOf } from "../shared/tile";
import { textValue } from "../shared/words";
import type { Device, Freshness } from "../shared/wire";
import { fold, matches } from "./fold";
import { moment, past, shownSensors, shownTime, shownViews } from "./hindsight";
import { deviceName, shownValue } from "./names";
import { format, openThing } from "./route";
import { Windows } from "./service";
import { d } from "./words";

const text = signal("");
const state = signal<"" | Freshness>("");

function lookOf(device: Device): Freshness {
  return moment.value === undefined ? freshnessAt(device, shownTime.value ?? 0) : device.properties.freshness;
}

const order: Record<Freshness, number> = { silent: 0, never: 1, late: 2, fresh: 3 };
/** So many rows are drawn; who looks for others writes what they are called. */
const mostRows = 500;

export function DevicesPage(): JSX.Element {
  const query = fold(text.value);
  const all = shownSensors.value;
  const found = all
    .filter((device) => (state.value === "" || lookOf(device) === state.value) && matches(query, `${deviceName(device)} ${zoneName(device.properties.zone)} ${classes.value.get(device.properties.class)?.name[lang.value] ?? ""} ${device.id}`) > 0)
    // What tells nothing comes first: it is what somebody has to see to.
    .sort((a, b) => order[lookOf(a)] - order[lookOf(b)] || deviceName(a).localeCompare(deviceName(b), lang.value));
  return (
    <section class="sheet" aria-label={d("deviceAll")}>
      <header>
        <h2>{d("deviceAll")}</h2>
        <span class="muted">{d("deviceCount", { n: found.length, all: all.length })}</span>
        <input type="search" aria-label={d("search")} placeholder={d("search")} value={text.value} onInput={(e) => (text.value = e.currentTarget.value)} />
        <select aria-label={d("deviceState")} value={state.value} onChange={(e) => (state.value = e.currentTarget.value as "" | Freshness)}>
          <option value="">
            {d("deviceState")}: {d("all")}
          </option>
          {(["fresh", "late", "silent", "never"] as const).map((f) => (
            <option key={f} value={f}>
              {t(`${f}One`)}
            </option>
          ))}
        </select>
      </header>
      <Windows />
      <table>
        <thead>
          <tr>
            <th>{d("deviceName")}</th>
            <th>{d("deviceClass")}</th>
            <th>{d("devicePlace")}</th>
            <th>{d("deviceState")}</th>
            <th class="number">{d("deviceValue")}</th>
            <th class="number">{d("deviceAge")}</th>
          </tr>
        </thead>
        <tbody>
          {found.slice(0, mostRows).map((device) => (
            <DeviceRow key={device.id} device={device} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function DeviceRow(props: { device: Device }): JSX.Element {
  const { device } = props;
  const p = device.properties;
  const look = lookOf(device);
  const value = p.values[0];
  return (
    <tr>
      <th scope="row">
        <a href={format({ view: "overview", kind: "device", id: device.id })}>{deviceName(device)}</a>
      </th>
      <td>{classes.value.get(p.class)?.name[lang.value] ?? p.class}</td>
      <td>{zoneName(p.zone)}</td>
      <td class={look === "fresh" ? "" : "warn"}>
        <DeviceMark look={look} /> {t(`${look}One`)}
      </td>
      <td class="number">{value ? shownValue(value) : ""}</td>
      <td class="number">{value && shownTime.value !== undefined ? age(lang.value, shownTime.value - Date.parse(value.time)) : d("none")}</td>
    </tr>
  );
}

export function CamerasPage(): JSX.Element {
  const query = fold(text.value);
  const all = shownViews.value;
  const found = all.filter(({ camera: c }) => matches(query, `${c.properties.name} ${zoneName(c.properties.zone)} ${c.id}`) > 0);
  return (
    <section class="sheet" aria-label={d("cameraAll")}>
      <header>
        <h2>{d("cameraAll")}</h2>
        <span class="muted">{d("cameraWorking", { n: all.filter(works).length, all: all.length })}</span>
        <input type="search" aria-label={d("search")} placeholder={d("search")} value={text.value} onInput={(e) => (text.value = e.currentTarget.value)} />
      </header>
      {all.length === 0 && <p class="nothing muted">{d("none")}</p>}
      <ul class="wall-of">
        {found.map((view) => {
          const p = view.camera.properties;
          const recorded = past.value?.recordings.some((r) => r.camera === p.id);
          return (
            <li key={p.id}>
              {moment.value === undefined ? (
                <camera-tile camera={p.id} stream="sub" still label={p.name} lang={lang.value} status={statusOf(view)} />
              ) : (
                <div class="then-tile">
                  <b>{p.name}</b>
                  <span class={recorded ? "" : "warn"}>{d(recorded ? "pastRecorded" : "pastNoRecording", { n: 1 })}</span>
                </div>
              )}
              <p>
                <CameraMark look={view.look} />
                <button type="button" class="link" onClick={() => openThing("camera", p.id)}>
                  {p.name}
                </button>
                <span class={works(view) ? "muted" : "warn"}>{view.state ? textValue(lang.value, view.state) : t("cameraUnknown")}</span>
              </p>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
