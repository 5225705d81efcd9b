// The cameras' place on the wall: a row of tiles below the map, or all of them
// over it.

import { signal } from "@preact/signals";
import type { JSX, RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { countLooks, type CameraLook, type Placed } from "../shared/cameras";
import { length } from "../shared/format";
import { cameras, views, working } from "../shared/views";
import { focus, openCamera, ordered, rests, showAll } from "./cameras";
import { CameraMark } from "../shared/marks";
import { focused } from "./state";
import { devices, lang, t } from "../shared/live";
import { cameraWord, statusOf } from "../shared/tile";

/** A tile is at least so wide, in rem, with so much beside each; on smaller ones nobody recognises anything from afar. */
const narrowest = 15;
const gap = 0.5;
const columns = signal(4);
/** So many tiles are shown even where they need a second row. */
const few = 4;

export function CameraStrip(): JSX.Element | null {
  const list = useRef<HTMLUListElement>(null);
  const all = showAll.value;
  const any = cameras.value.length > 0;
  useColumns(list, any);
  if (!any) return null;
  const shown = all ? ordered.value : ordered.value.slice(0, Math.max(few, columns.value));
  const rest = ordered.value.length - shown.length;
  return (
    <section class={all ? "cameras all" : "cameras"} aria-label={t("cameras")}>
      <header>
        <h2>{t("cameras")}</h2>
        <CameraCounts />
        <About />
        {(rest > 0 || all) && (
          <button type="button" class="plain" aria-expanded={all} onClick={() => (showAll.value = !all)}>
            {all ? t("cameraFewer") : t("cameraAll", { n: ordered.value.length })}
          </button>
        )}
      </header>
      <ul ref={list} class={`tiles ${all ? wide(shown.length) : ""}`}>
        {shown.map((c) => (
          <li key={c.camera.id}>
            <Tile placed={c} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The fewest columns that show so many tiles at once. */
function wide(count: number): string {
  return count <= 4 ? "two" : count <= 9 ? "three" : "four";
}

function Tile(props: { placed: Placed }): JSX.Element {
  const { camera, distance } = props.placed;
  const { id, name } = camera.properties;
  const note = distance === undefined ? "" : length(lang.value, distance);
  return (
    <button
      type="button"
      class={openCamera.value === id ? "tile opened" : "tile"}
      aria-expanded={openCamera.value === id}
      onClick={() => (openCamera.value = openCamera.value === id ? undefined : id)}
    >
      <camera-tile camera={id} label={name} note={note} lang={lang.value} still={rests(props.placed)} status={statusOf(props.placed)} />
    </button>
  );
}

/** What the cameras are nearest to. */
function About(): JSX.Element | null {
  const f = focus.value;
  if (!f?.at) return null;
  const name = devices.value.get(f.device)?.properties.name ?? focused.value?.properties.name[lang.value];
  return name ? <span class="muted about">{t("cameraNear", { place: name })}</span> : null;
}

/** How many work, and how many do not and why: in numbers alone where there is little room. */
export function CameraCounts(props: { brief?: boolean }): JSX.Element | null {
  if (cameras.value.length === 0) return null;
  const counts = countLooks(views.value);
  const bad: CameraLook[] = ["frozen", "off", "unknown"];
  return (
    <span class="camera-counts" role="group" aria-label={t("cameras")}>
      <span class="kind" title={t("cameraUp", { up: working.value, all: cameras.value.length })}>
        <CameraMark look="online" />
        {t(props.brief ? "cameraUpBrief" : "cameraUp", { up: working.value, all: cameras.value.length })}
      </span>
      {bad
        .filter((look) => counts[look] > 0)
        .map((look) => (
          <span key={look} class={`kind ${look} some`} title={t(cameraWord(look))}>
            <CameraMark look={look} />
            {props.brief ? counts[look] : `${counts[look]} ${t(cameraWord(look))}`}
          </span>
        ))}
    </span>
  );
}

/** Follows how many tiles have room beside each other. */
function useColumns(list: RefObject<HTMLElement | null>, there: boolean): void {
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
      columns.value = Math.max(1, Math.floor((element.clientWidth / rem - gap) / (narrowest + gap)));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [there]);
}
