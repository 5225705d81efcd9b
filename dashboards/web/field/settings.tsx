// Who I am and what I look after; and what this phone may do for me.

import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { lang, setLang, zones } from "../shared/live";
import { setTheme, theme } from "../shared/theme";
import type { Level } from "../shared/wire";
import { awake, loud, setAwake, setLoud, sound } from "./alarm";
import { me, setMe } from "./me";
import { pushFault, pushing, tried, tryOut, turnOff, turnOn } from "./push";
import { s } from "./speak";
import { centre, teams, zoneName } from "./state";
import { PositionLine } from "./list";

export const editing = signal(false);

/** Set while the browser offers to install the page. */
export const installing = signal<(() => void) | undefined>(undefined);

const levels: readonly Level[] = [1, 2, 3, 4, 5];

/** Vietnamese letters without their marks, as people type them in a hurry. */
function bare(text: string): string {
  return text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/g, "d");
}

export function Settings(): JSX.Element {
  const m = me.value;
  const person = useSignal(m?.person ?? "");
  const team = useSignal(m?.team ?? "");
  const chosen = useSignal<readonly string[]>(m?.zones ?? []);
  const level = useSignal<Level>(m?.level ?? 1);
  const find = useSignal("");
  const all = zones.value?.features ?? [];
  const found = all.filter((z) => chosen.value.includes(z.id) || bare(z.properties.name).includes(bare(find.value)));
  const toggle = (id: string): void => {
    chosen.value = chosen.value.includes(id) ? chosen.value.filter((z) => z !== id) : [...chosen.value, id];
  };
  const save = (): void => {
    if (!person.value.trim()) return;
    const changed = m !== undefined && JSON.stringify(m.zones) !== JSON.stringify(chosen.value);
    setMe({ person: person.value.trim(), team: team.value.trim(), zones: [...chosen.value], level: level.value });
    editing.value = false;
    if (changed) location.reload(); // the stream is asked for other zones
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
          <input name="person" required maxLength={100} autocomplete="name" value={person.value} onInput={(event) => (person.value = event.currentTarget.value)} />
          <small>{s("whoHint")}</small>
        </label>
        <label>
          <span>{s("myTeam")}</span>
          <input name="team" maxLength={100} list="teams" autocomplete="off" value={team.value} onInput={(event) => (team.value = event.currentTarget.value)} />
          <small>{s("teamHint")}</small>
        </label>
        <datalist id="teams">
          {teams.value.map((t) => (
            <option key={t.id} value={t.id}>
              {t.name}
            </option>
          ))}
          {(centre.value?.duties ?? []).map((d) => (
            <option key={d} value={d} />
          ))}
        </datalist>
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
        <p class="choices">
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

/** What this phone may do. */
function Phone(): JSX.Element {
  return (
    <>
      <h2>{s("position")}</h2>
      <PositionLine />
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
