// How things stood when a handover was taken.

import { teamName } from "../shared/teams";
import type { JSX } from "preact";
import { lang, t, times, zoneName } from "../shared/live";
import { LevelBadge } from "../shared/marks";
import { textValue } from "../shared/words";
import { devices } from "../shared/live";
import { openThing } from "./route";
import { windowText } from "./service";
import { coded, d, type DeskWord } from "./words";
import type { Handover, HandoverAlert } from "./wire";

interface PictureProps {
  h: Handover;
  notes: Record<string, string>;
  locked: boolean;
  onNote: (id: string, text: string) => void;
}

export function HandoverPicture(props: PictureProps): JSX.Element {
  const { h } = props;
  const l = lang.value;
  const taken = Date.parse(h.taken);
  const groups: [DeskWord, HandoverAlert[]][] = [
    ["handoverOpen", h.open ?? []], ["handoverShelved", h.shelved ?? []], ["handoverSuppressed", h.suppressed ?? []],
    ["handoverQuiet", h.quiet ?? []], ["handoverService", h.service ?? []],
  ];
  const cameras = h.cameras ?? [];
  const sensors = h.sensors ?? [];
  return (
    <>
      {groups.map(([title, list]) => (
        <section key={title}>
          <h3>
            {d(title)} <span class="count">{list.length}</span>
          </h3>
          {list.length === 0 && <p class="muted">{d("handoverNothing")}</p>}
          <ul class="standing">
            {list.map((a) => (
              <AlertLine key={a.id} a={a} taken={taken} {...props} />
            ))}
          </ul>
        </section>
      ))}
      <section>
        <h3>
          {d("handoverCameras")} <span class="count">{cameras.length}</span>
        </h3>
        {cameras.length === 0 && <p class="muted">{d("handoverNothing")}</p>}
        <ul class="plain-list">
          {cameras.map((c) => (
            <li key={c.id}>
              <b>{c.name}</b> {textValue(l, c.state)} <span class="muted">{c.since && times.value.since(l, Date.parse(c.since), taken)}</span>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3>
          {d("handoverSensors")} <span class="count">{sensors.length}</span>
        </h3>
        {sensors.length === 0 && <p class="muted">{d("handoverNothing")}</p>}
        <ul class="plain-list">
          {sensors.map((s) => (
            <li key={s.id}>
              <b>{s.name}</b> {zoneName(s.zone)} <span class="muted">{s.heard ? `${t("lastReading")} ${times.value.since(l, Date.parse(s.heard), taken)}` : t("neverOne")}</span>
            </li>
          ))}
        </ul>
      </section>
      <p class="muted">
        {d("handoverAudit", { n: h.audit_lines })} <code>{h.audit_hash.slice(0, 16)}</code>
      </p>
    </>
  );
}

function AlertLine(props: PictureProps & { a: HandoverAlert; taken: number }): JSX.Element {
  const { a, taken, notes, locked, onNote } = props;
  const s = a.standing;
  return (
    <li>
      <LevelBadge level={s.level} seen={s.handling !== "new"} stale={s.stale ?? false} label={t("level", { n: s.level })} />
      <div>
        <button type="button" class="link" onClick={() => openThing("alert", a.id)}>
          {a.name[lang.value]}
        </button>{" "}
        {devices.value.get(a.device)?.properties.name ?? a.device} <span class="muted">{zoneName(a.zone)}</span>
        <p class="muted">
          {t("since", { time: times.value.since(lang.value, Date.parse(a.since), taken) })} · {coded("condition", s.condition)} · {coded("handling", s.handling)}
          {s.handled_by ? `: ${s.handled_by}` : ""}
          {s.maintenance ? ` · ${windowText(s.maintenance, s.condition === "pending")}` : ""}
          {s.assigned ? ` · ${d("assignedTo", { team: teamName(s.assigned) })}` : ""}
        </p>
        {(!locked || notes[a.id]) && (
          <input aria-label={`${d("handoverNote")}: ${a.name[lang.value]}`} placeholder={d("handoverNote")} value={notes[a.id] ?? ""} readOnly={locked} maxLength={2000} onInput={(e) => onNote(a.id, e.currentTarget.value)} />
        )}
      </div>
    </li>
  );
}
