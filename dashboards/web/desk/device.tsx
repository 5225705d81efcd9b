// One device: its values with their ages, its history, its alerts, and taking it out of service.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { age, duration, number, unit } from "../shared/format";
import { freshnessAt } from "../shared/freshness";
import { classes, lang, t, times, zoneName } from "../shared/live";
import { DeviceMark, LevelBadge } from "../shared/marks";
import { unseen } from "../shared/world";
import type { Device, ValueProperties } from "../shared/wire";
import { begin, ready, serviceRule } from "./actions";
import { DeviceActions } from "./service";
import { History } from "./history";
import { moment, shownAlerts, shownDevices, shownTime } from "./hindsight";
import { deviceName, shownValue, valueName } from "./names";
import { openThing } from "./route";
import { d } from "./words";

export function DeviceCard(props: { id: string }): JSX.Element {
  const device = shownDevices.value.get(props.id);
  if (!device) return <p class="nothing warn">{d("noDevice")}</p>;
  return <Known key={device.id} device={device} />;
}

function Known(props: { device: Device }): JSX.Element {
  const { device } = props;
  const p = device.properties;
  const l = lang.value;
  const at = shownTime.value ?? 0;
  const picked = useSignal<string | undefined>(undefined);
  const value = p.values.find((v) => v.value === picked.value) ?? p.values.find((v) => v.number !== undefined) ?? p.values[0];
  const look = moment.value === undefined ? freshnessAt(device, at) : p.freshness;
  return (
    <article class="detail" data-device={device.id}>
      <header>
        <DeviceMark look={look} />
        <div>
          <h2>{deviceName(device)}</h2>
          <p class="muted">
            {classes.value.get(p.class)?.name[l] ?? p.class} · {zoneName(p.zone)} · {d("deviceId")} {device.id} · {d("devicePeriod")} {duration(l, p.period * 1000)}
          </p>
          <p class={look === "fresh" ? "muted" : "warn"}>
            {t(`${look}One`)}
            {p.heard && ` · ${t("lastReading")} ${age(l, at - Date.parse(p.heard))}`}
          </p>
        </div>
      </header>
      <DeviceActions device={device} />
      <Values device={device} chosen={value?.value} onChoose={(v) => (picked.value = v)} />
      <Bounds device={device} />
      {value && <History device={device} value={value} />}
      <AlertsOf id={device.id} />
    </article>
  );
}

function Values(props: { device: Device; chosen: string | undefined; onChoose: (value: string) => void }): JSX.Element {
  const { values } = props.device.properties;
  const at = shownTime.value ?? 0;
  if (values.length === 0) return <p class="warn">{d(moment.value === undefined ? "deviceNever" : "deviceNotFoundThen")}</p>;
  return (
    <section>
      <h3>{d("deviceValues")}</h3>
      <table class="values">
        <tbody>
          {values.map((v: ValueProperties) => (
            <tr key={v.value} aria-current={v.value === props.chosen}>
              <th scope="row">
                <button type="button" class="link" onClick={() => props.onChoose(v.value)}>
                  {valueName(v)}
                </button>
              </th>
              <td class="number">{shownValue(v)}</td>
              <td class="muted">{age(lang.value, at - Date.parse(v.time))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Bounds(props: { device: Device }): JSX.Element | null {
  const tables = Object.entries(props.device.properties.bounds ?? {});
  if (tables.length === 0) return null;
  return (
    <section>
      <h3>{d("deviceBounds")}</h3>
      {tables.map(([value, table]) => {
        const v = props.device.properties.values.find((x) => x.value === value);
        return (
          <p key={value}>
            {tables.length > 1 && `${v ? valueName(v) : value}: `}
            {table.map((b) => `${t("alarmLevel", { n: b.level })} ${b.bound === null ? t("notConfigured") : number(lang.value, b.bound, v?.decimals ?? 2)}`).join(" · ")} {unit(lang.value, v?.unit)}
          </p>
        );
      })}
    </section>
  );
}

export function AlertsOf(props: { id: string }): JSX.Element | null {
  const list = shownAlerts.value.filter((a) => a.properties.device === props.id || a.properties.evidence.some((e) => e.device === props.id));
  if (list.length === 0) return null;
  return (
    <section>
      <h3>{d("deviceAlerts")}</h3>
      <ul class="members">
        {list.map((a) => (
          <li key={a.id}>
            <LevelBadge level={a.properties.level} seen={!unseen(a)} stale={a.properties.stale} label={t("level", { n: a.properties.level })} />
            <button type="button" class="link" onClick={() => openThing("alert", a.id)}>
              {a.properties.name[lang.value]}
            </button>
            <span class="muted">{times.value.since(lang.value, Date.parse(a.properties.since), shownTime.value ?? 0)}</span>
            {a.properties.rule === serviceRule && (
              <button type="button" class="plain" disabled={!ready()} onClick={() => void begin(a, "back_in_service")}>
                {d("do_back_in_service")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
