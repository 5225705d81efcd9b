// The sectors' panels: what is normal today, at a glance.

import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { age, number, unit } from "../shared/format";
import { alerts, lang, now, sensors, t } from "../shared/live";
import { LevelBadge } from "../shared/marks";
import { views } from "../shared/views";
import { unseen } from "../shared/world";
import { sectorOf, sectors, type Fact, type Sector } from "./sectors";
import { shownParts } from "./layout";
import { Rivers } from "./rivers";
import { say } from "./words";

const known = computed(() => sectors.map((id) => sectorOf(id, sensors.value, views.value, now.value ?? 0)));

export function Side(): JSX.Element | null {
  const parts = shownParts.value;
  if (!parts.has("sectors") && !parts.has("rivers")) return null;
  return (
    <aside class="side" aria-label={say("sectors")}>
      {parts.has("rivers") && <Rivers />}
      {parts.has("sectors") && known.value.map((s) => <Panel key={s.id} sector={s} />)}
    </aside>
  );
}

function Panel(props: { sector: Sector }): JSX.Element {
  const { id, facts, silent, sensors: count } = props.sector;
  const own = alerts.value.filter((a) => a.properties.sector === id);
  const open = own.filter(unseen);
  // As old as the oldest number that is shown.
  const at = Math.min(...facts.flatMap((f) => (f.at === undefined || !Number.isFinite(f.at) ? [] : [f.at])));
  const level = (open.length > 0 ? open : own)[0]?.properties.level;
  return (
    <section class={`sector ${id}`} aria-label={say(id)}>
      <header>
        <h2>{say(id)}</h2>
        {Number.isFinite(at) && now.value !== undefined && <span class="muted age">{say("sectorAge", { age: age(lang.value, now.value - at) })}</span>}
        {silent > 0 && <span class="muted">{say("sectorSilent", { n: number(lang.value, silent, 0) })}</span>}
        {level && (
          <span class="own">
            <LevelBadge level={level} seen={open.length === 0} stale={false} label={t("level", { n: level })} />
            {own.length}
          </span>
        )}
      </header>
      {count === 0 && id !== "tourism" ? (
        <p class="muted none">{say("noSensor")}</p>
      ) : (
        <dl>
          {facts.map((f) => (
            <FactRow key={f.label} fact={f} />
          ))}
        </dl>
      )}
    </section>
  );
}

function FactRow(props: { fact: Fact }): JSX.Element {
  const { label, value, count, place, bad } = props.fact;
  const l = lang.value;
  const nothing = value === undefined && count === undefined;
  const beside = nothing ? say("noValue") : place;
  return (
    <div class={bad ? "fact bad" : "fact"}>
      <dt>
        {say(label)}
        {beside && <span class="muted"> · {beside}</span>}
      </dt>
      <dd class="figure">
        {count && (count.all === undefined ? number(l, count.n, 0) : say("of", { n: number(l, count.n, 0), all: number(l, count.all, 0) }))}
        {value?.number !== undefined && number(l, value.number, value.decimals)}
        {value && unit(l, value.unit) && <small> {unit(l, value.unit)}</small>}
        {nothing && "–"}
      </dd>
    </div>
  );
}
