// Who I am and what I look after; and what this phone may do for me.

import { signal, useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { distance } from "../shared/cameras";
import { length } from "../shared/format";
import { lang, setLang, zones } from "../shared/live";
import { setTheme, theme } from "../shared/theme";
import type { Level } from "../shared/wire";
import { awake, loud, setAwake, setLoud, sound } from "./alarm";
import { editing, me, setMe } from "./me";
import { pushFault, pushing, tried, tryOut, turnOff, turnOn } from "./push";
import { consent, setConsent } from "./share";
import { s } from "./speak";
import { centre, myTeam, teams, zoneName, type Team } from "./state";
import { finding, here, locate } from "./where";
import { PositionLine } from "./list";

/** Set while the browser offers to install the page. */
export const installing = signal<(() => void) | undefined>(undefined);

const levels: readonly Level[] = [1, 2, 3, 4, 5];

/** Vietnamese letters without their marks, as people type them in a hurry. */
function bare(text: string): string {
  return text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/g, "d");
}

/** What is being chosen. */
interface Draft {
  person: Signal<string>;
  team: Signal<string>;
  zones: Signal<readonly string[]>;
  level: Signal<Level>;
}

export function Settings(): JSX.Element {
  const m = me.value;
  const draft: Draft = {
    person: useSignal(m?.person ?? ""),
    team: useSignal(m?.team ?? ""),
    zones: useSignal<readonly string[]>(m?.zones ?? []),
    level: useSignal<Level>(m?.level ?? 1),
  };
  const save = (): void => {
    const next = { person: draft.person.value.trim(), team: draft.team.value.trim(), zones: [...draft.zones.value], level: draft.level.value };
    if (!next.person) return;
    const changed = m !== undefined && JSON.stringify([m.zones, m.team]) !== JSON.stringify([next.zones, next.team]);
    setMe(next);
    editing.value = false;
    if (changed) location.reload(); // the stream is asked for other things
  };
  return (
    <section class="settings" aria-label={s("settings")}>
      <h1>{m ? s("settings") : s("welcome")}</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <label>
          <span>{s("who")}</span>
          <input name="person" required maxLength={100} autocomplete="name" value={draft.person.value} onInput={(event) => (draft.person.value = event.currentTarget.value)} />
          <small>{s("whoHint")}</small>
        </label>
        <TeamField draft={draft} />
        <details>
          <summary>{s("toldOf", { zones: zonesText(draft.zones.value), n: draft.level.value })}</summary>
          <ZonesField draft={draft} />
          <LevelField draft={draft} />
        </details>
        <p class="choices begin">
          <button type="submit">{m ? s("save") : s("begin")}</button>
          {m && (
            <button type="button" class="plain" onClick={() => (editing.value = false)}>
              {s("cancel")}
            </button>
          )}
        </p>
      </form>
      {m && <Phone />}
      <div class="row">
        <button type="button" class="plain" lang={lang.value === "vi" ? "en" : "vi"} onClick={() => setLang(lang.value === "vi" ? "en" : "vi")}>
          {lang.value === "vi" ? "English" : "Tiếng Việt"}
        </button>
        <button type="button" class="plain" onClick={() => setTheme(theme.value === "dark" ? "light" : "dark")}>
          {s("theme")}: {s(theme.value)}
        </button>
      </div>
    </section>
  );
}

function zonesText(chosen: readonly string[]): string {
  const first = chosen[0];
  if (!first) return s("provinceAll");
  return chosen.length === 1 ? zoneName(first) : s("zonesSome", { first: zoneName(first), n: chosen.length - 1 });
}

/** The team: one of the centre's list, the nearest first; any text where it has none. */
function TeamField(props: { draft: Draft }): JSX.Element {
  const { team, zones: chosen } = props.draft;
  const duties = centre.value?.duties ?? [];
  const from = here.value;
  if (!centre.value) {
    return (
      <label>
        <span>{s("myTeam")}</span>
        <input name="team" disabled value={team.value} placeholder={s("teamsLoading")} />
      </label>
    );
  }
  if (teams.value.length === 0) {
    return (
      <label>
        <span>{s("myTeam")}</span>
        <input name="team" maxLength={100} list="duties" autocomplete="off" value={team.value} onInput={(event) => (team.value = event.currentTarget.value)} />
        <small>{s("teamHint")}</small>
        <datalist id="duties">
          {duties.map((d) => (
            <option key={d} value={d} />
          ))}
        </datalist>
      </label>
    );
  }
  const choose = (id: string): void => {
    team.value = id;
    const its = teams.value.find((t) => t.id === id);
    if (its) chosen.value = its.zones;
  };
  const far = (t: Team): number => (from ? distance(from, t.home) : 0);
  const nearest = [...teams.value].sort((a, b) => far(a) - far(b) || a.name.localeCompare(b.name, "vi"));
  const known = teams.value.some((t) => t.id === team.value) || duties.includes(team.value);
  return (
    <div>
      <label>
        <span>{s("myTeam")}</span>
        <select name="team" value={known ? team.value : ""} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">{s("teamNone")}</option>
          <optgroup label={s(from ? "teamsNearest" : "teams")}>
            {nearest.map((t) => (
              <option key={t.id} value={t.id}>
                {t.name}
                {from ? ` · ${length(lang.value, far(t))}` : ""}
              </option>
            ))}
          </optgroup>
          {duties.length > 0 && (
            <optgroup label={s("duties")}>
              {duties.map((d) => (
                <option key={d} value={d}>
                  {d}
                </option>
              ))}
            </optgroup>
          )}
        </select>
        <small>{s(known && team.value ? "teamHint" : "teamWhy")}</small>
      </label>
      {!from && finding.value === "off" && (
        <button type="button" class="plain nearest" onClick={locate}>
          {s("teamsLocate")}
        </button>
      )}
    </div>
  );
}

function ZonesField(props: { draft: Draft }): JSX.Element {
  const chosen = props.draft.zones;
  const find = useSignal("");
  const all = zones.value?.features ?? [];
  const found = all.filter((z) => chosen.value.includes(z.id) || bare(z.properties.name).includes(bare(find.value)));
  const toggle = (id: string): void => {
    chosen.value = chosen.value.includes(id) ? chosen.value.filter((z) => z !== id) : [...chosen.value, id];
  };
  return (
    <fieldset>
      <legend>{s("zones")}</legend>
      <small>{s("zonesHint")}</small>
      {all.length === 0 && chosen.value.length === 0 && <p class="muted">{s("zonesLoading")}</p>}
      {all.length > 8 && (
        <input type="search" aria-label={s("zonesFind")} placeholder={s("zonesFind")} value={find.value} onInput={(event) => (find.value = event.currentTarget.value)} />
      )}
      <div class="zones">
        {(found.length > 0 ? found.map((z) => z.id) : chosen.value).map((id) => (
          <label key={id} class="check">
            <input type="checkbox" name="zone" value={id} checked={chosen.value.includes(id)} onChange={() => toggle(id)} />
            {zoneName(id)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function LevelField(props: { draft: Draft }): JSX.Element {
  const { level } = props.draft;
  return (
    <fieldset>
      <legend>{s("minLevel")}</legend>
      <div class="row">
        {levels.map((l) => (
          <label key={l} class={`check level-${l}`}>
            <input type="radio" name="level" value={l} checked={level.value === l} onChange={() => (level.value = l)} />
            {l}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** What this phone may do. */
function Phone(): JSX.Element {
  return (
    <>
      <h2>{s("position")}</h2>
      <PositionLine />
      {myTeam.value && (
        <>
          <h2>{s("share")}</h2>
          <p class="muted">{s("shareMeans")}</p>
          <div class="row">
            <Switch on={consent.value === "yes"} set={(on) => setConsent(on ? "yes" : "no")} label={s("share")} />
          </div>
        </>
      )}
      <h2>{s("push")}</h2>
      <Push />
      <h2>{s("sound")}</h2>
      <div class="row">
        <Switch on={loud.value} set={setLoud} label={s("sound")} />
        <button type="button" class="plain" onClick={() => sound(2)}>
          {s("soundTry")}
        </button>
      </div>
      <h2>{s("awake")}</h2>
      <div class="row">
        <Switch on={awake.value} set={setAwake} label={s("awake")} />
      </div>
      {installing.value && (
        <button type="button" class="plain" onClick={installing.value}>
          {s("install")}
        </button>
      )}
    </>
  );
}

function Switch(props: { on: boolean; set: (on: boolean) => void; label: string }): JSX.Element {
  return (
    <button type="button" class="plain" role="switch" aria-checked={props.on} aria-label={props.label} onClick={() => props.set(!props.on)}>
      {props.on ? s("on") : s("off")}
    </button>
  );
}

function Push(): JSX.Element {
  const none = centre.value !== undefined && !centre.value.push;
  if (none) return <p class="muted">{s("pushNone")}</p>;
  switch (pushing.value) {
    case "insecure":
      return <p class="warn">{s("pushInsecure")}</p>;
    case "unsupported":
      return <p class="warn">{s("pushUnsupported")}</p>;
    case "denied":
      return <p class="warn">{s("pushDenied")}</p>;
    case "working":
      return <p class="muted">{s("pushWorking")}</p>;
    case "on":
      return (
        <>
          <p>{s("pushOn")}</p>
          <div class="row">
            <button type="button" class="plain" onClick={() => void tryOut()}>
              {s("pushTry")}
            </button>
            <button type="button" class="plain" onClick={() => void turnOff()}>
              {s("pushTurnOff")}
            </button>
          </div>
          {tried.value && <p class="muted">{s("pushTried")}</p>}
          {pushFault.value && <p class="fault">{pushFault.value}</p>}
        </>
      );
    default:
      return (
        <>
          <button type="button" class="plain" onClick={() => void turnOn()}>
            {s("pushTurnOn")}
          </button>
          {pushFault.value && <p class="fault">{s("pushFailed", { why: pushFault.value })}</p>}
        </>
      );
  }
}
