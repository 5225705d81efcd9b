// What narrows the list and the map.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { lang, zones } from "../shared/live";
import { everything, filter, narrowed, setFilter, type Filter } from "./filter";
import { shownAlerts } from "./hindsight";
import { hidden } from "./select";
import { coded, d, type DeskWord } from "./words";

const sectors = ["disaster", "fire", "traffic", "tourism", "environment"];
const conditions = ["active", "recovering", "normal", "stale"];
const handlings = ["new", "unfinished", "acknowledged", "dispatched", "on_scene", "contained"];
const overlays = ["none", "shelved", "suppressed", "out_of_service", "flapping"];

export function Filters(): JSX.Element {
  const f = filter.value;
  const wide = useSignal(narrowed({ ...f, text: "", level: 1 }) > 0);
  const zoneOptions = [...(zones.value?.features ?? [])]
    .map((z): [string, string] => [z.id, z.properties.name])
    .sort((a, b) => a[1].localeCompare(b[1], lang.value));
  const hazards = [...new Set([...shownAlerts.value.map((a) => a.properties.hazard), ...(f.hazard ? [f.hazard] : [])])].sort();
  return (
    <div class="filters" role="search" aria-label={d("filter")}>
      <input
        type="search"
        aria-label={d("filterText")}
        placeholder={d("filterText")}
        value={f.text}
        onInput={(event) => setFilter({ text: event.currentTarget.value })}
      />
      <div class="row">
        <Select
          label="filterLevel"
          value={String(f.level)}
          options={[1, 2, 3, 4, 5].map((n) => [String(n), n === 1 ? `${d("filterLevel")}: ${d("filterAll")}` : d("filterFrom", { n })])}
          onChange={(level) => setFilter({ level: Number(level) })}
        />
        <button type="button" class="plain" aria-expanded={wide.value} onClick={() => (wide.value = !wide.value)}>
          {d(wide.value ? "filterFewer" : "filterMore")}
        </button>
      </div>
      {wide.value && (
        <div class="grid">
          <Choice name="sector" label="filterSector" options={sectors.map((s) => [s, coded("sector", s)])} />
          <Choice name="zone" label="filterZone" options={zoneOptions} />
          <Choice name="condition" label="filterCondition" options={conditions.map((c) => [c, coded("condition", c)])} />
          <Choice name="handling" label="filterHandling" options={handlings.map((h) => [h, coded("handling", h)])} />
          <Choice name="overlay" label="filterOverlay" options={overlays.map((o) => [o, coded("overlay", o)])} />
          <Choice name="hazard" label="filterHazard" options={hazards.map((h) => [h, coded("hazard", h)])} />
        </div>
      )}
      <Hidden />
    </div>
  );
}

/** What is hidden is said: a filter that was forgotten must not look like a quiet day. */
function Hidden(): JSX.Element | null {
  if (narrowed(filter.value) === 0) return null;
  const { all, unseen } = hidden.value;
  return (
    <p class={`hidden-count ${unseen > 0 ? "warn" : "muted"}`} role="status">
      {d("filterHides", { n: all, unseen })}
      <button type="button" class="plain" onClick={() => (filter.value = everything)}>
        {d("filterClear")}
      </button>
    </p>
  );
}

function Choice(props: { name: Exclude<keyof Filter, "level" | "text">; label: DeskWord; options: [string, string][] }): JSX.Element {
  const any: [string, string] = ["", `${d(props.label)}: ${d("filterAll")}`];
  return (
    <Select
      label={props.label}
      value={filter.value[props.name]}
      options={[any, ...props.options]}
      onChange={(value) => setFilter({ [props.name]: value } as Partial<Filter>)}
    />
  );
}

function Select(props: { label: DeskWord; value: string; options: [string, string][]; onChange: (value: string) => void }): JSX.Element {
  return (
    <select aria-label={d(props.label)} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
      {props.options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}
