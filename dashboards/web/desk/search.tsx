// Search over everything that has a name, with or without accents.

import { computed, signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { classes, lang, t, zoneName, zones } from "../shared/live";
import { cameras } from "../shared/views";
import { setFilter } from "./filter";
import { fold, matches } from "./fold";
import { shownAlerts, shownDevices } from "./hindsight";
import { deviceName, placeOf, wordsOf } from "./names";
import { go, openThing, views } from "./route";
import { d, type DeskWord } from "./words";

interface Found {
  key: string;
  kind: DeskWord;
  title: string;
  note: string;
  score: number;
  open: () => void;
}

const searching = signal(false);

export function openSearch(): void {
  searching.value = true;
}

/** As many are shown. */
const most = 12;

export function find(text: string): Found[] {
  const query = fold(text);
  if (query === "") return [];
  const out: Found[] = [];
  // Better texts first; of equal ones alerts before zones before the rest.
  const add = (rank: number, found: Omit<Found, "score">, names: string[], rest = ""): void => {
    const best = Math.max(...names.map((name) => matches(query, name) * 10), matches(query, rest) * 5);
    if (best > 0) out.push({ ...found, score: best + rank });
  };
  for (const a of shownAlerts.value) {
    const { name, zone, level } = a.properties;
    add(0.9, { key: `alert/${a.id}`, kind: "searchAlert", title: name[lang.value], note: `${placeOf(a)} · ${zoneName(zone)} · ${t("level", { n: level })}`, open: () => openThing("alert", a.id) }, [name[lang.value], placeOf(a)], wordsOf(a));
  }
  for (const z of zones.value?.features ?? []) {
    const { name } = z.properties;
    add(0.8, {
      key: `zone/${z.id}`, kind: "searchZone", title: name, note: "",
      open: () => {
        go({ view: "overview" });
        setFilter({ zone: z.id });
      },
    }, [name], z.id);
  }
  for (const c of cameras.value) {
    const { name, zone } = c.properties;
    add(0.7, { key: `camera/${c.id}`, kind: "searchCamera", title: name, note: zoneName(zone), open: () => openThing("camera", c.id) }, [name], `${name} ${zoneName(zone)} ${c.id}`);
  }
  const ofCameras = new Set(cameras.value.map((c) => c.id));
  for (const device of shownDevices.value.values()) {
    if (ofCameras.has(device.id)) continue; // the camera itself is among the cameras
    const p = device.properties;
    const kind = classes.value.get(p.class)?.name[lang.value] ?? p.class;
    add(0.6, { key: `device/${device.id}`, kind: "searchDevice", title: deviceName(device), note: `${kind} · ${zoneName(p.zone)}`, open: () => openThing("device", device.id) }, [deviceName(device)], `${deviceName(device)} ${zoneName(p.zone)} ${kind} ${device.id}`);
  }
  for (const view of views) add(0, { key: `view/${view}`, kind: "searchView", title: d(`view_${view}`), note: "", open: () => go({ view }) }, [d(`view_${view}`)]);
  return out.sort((a, b) => b.score - a.score || a.title.localeCompare(b.title, lang.value)).slice(0, most);
}

export function SearchDialog(): JSX.Element | null {
  return searching.value ? <Search /> : null;
}

function Search(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const text = useSignal("");
  const at = useSignal(0);
  const found = computed(() => find(text.value)).value;
  useEffect(() => dialog.current?.showModal(), []);
  const close = (): void => void (searching.value = false);
  const open = (f: Found | undefined): void => {
    if (!f) return;
    close();
    f.open();
  };
  const current = Math.min(at.value, found.length - 1);
  return (
    <dialog ref={dialog} class="search" aria-label={d("search")} onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <input
        type="text"
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls="found"
        aria-activedescendant={current >= 0 ? `found-${current}` : undefined}
        aria-label={d("searchHint")}
        placeholder={d("searchHint")}
        autocomplete="off"
        autofocus
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          at.value = 0;
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") at.value = Math.min(current + 1, found.length - 1);
          else if (event.key === "ArrowUp") at.value = Math.max(current - 1, 0);
          else if (event.key === "Enter") open(found[current]);
          else return;
          event.preventDefault();
        }}
      />
      <ul id="found" role="listbox" aria-label={d("search")}>
        {found.map((f, i) => (
          <li key={f.key} id={`found-${i}`} role="option" aria-selected={i === current} onClick={() => open(f)}>
            <span class="kind muted">{d(f.kind)}</span>
            <b>{f.title}</b>
            <span class="muted">{f.note}</span>
          </li>
        ))}
      </ul>
      {text.value.trim() !== "" && found.length === 0 && <p class="muted" role="status">{d("searchNone", { text: text.value.trim() })}</p>}
    </dialog>
  );
}
