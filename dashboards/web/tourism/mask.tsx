// Draws what is covered before a picture is public. The server paints it over;
// what is drawn here only says what.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { send } from "../shared/api";
import { now } from "../shared/live";
import { who } from "./links";
import { reason } from "./state";
import type { Corner, Mask, PublicLink } from "./wire";
import { tt } from "./words";

/** For how many days a link may be made. */
const lengths = [1, 7, 30, 90];

/** Makes a link, or changes the mask of one that there is. */
export function MaskDialog(props: { camera: string; link: PublicLink | undefined; done: () => void }): JSX.Element {
  const { link } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const mask = useSignal<Mask>(link?.mask ?? []);
  const corners = useSignal<Corner[]>([]);
  const bare = useSignal(link !== undefined && link.mask.length === 0);
  const kind = useSignal<PublicLink["kind"]>("snapshot");
  const days = useSignal(7);
  const fault = useSignal("");
  useEffect(() => dialog.current?.showModal(), []);
  const finish = (): void => {
    if (corners.value.length >= 3) mask.value = [...mask.value, corners.value];
    corners.value = [];
  };
  const submit = async (): Promise<void> => {
    finish();
    if (mask.value.length === 0 && !bare.value) {
      fault.value = tt("maskNeed");
      return;
    }
    const actor = await who();
    if (!actor) return;
    const body = { actor, mask: mask.value, bare: mask.value.length === 0 };
    try {
      if (link) await send("PUT", `tourism/links/${link.id}/mask`, { ...body, version: link.version });
      else {
        const expires = new Date((now.value ?? Date.now()) + days.value * 86_400_000 - 60_000).toISOString();
        await send("POST", "tourism/links", { ...body, camera: props.camera, kind: kind.value, expires });
      }
      props.done();
    } catch (error) {
      fault.value = tt("failed", { why: reason(error) });
    }
  };
  return (
    <dialog ref={dialog} class="mask" aria-labelledby="mask-title" onClose={props.done}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h2 id="mask-title">{tt("maskTitle")}</h2>
        <p class="muted">{tt("maskHint")}</p>
        <Canvas camera={props.camera} mask={mask.value} corners={corners.value} add={(c) => (corners.value = [...corners.value, c].slice(0, 40))} />
        <div class="buttons">
          <button type="button" class="plain" disabled={corners.value.length < 3} onClick={finish}>
            {tt("maskDone")}
          </button>
          <button type="button" class="plain" disabled={corners.value.length === 0} onClick={() => (corners.value = corners.value.slice(0, -1))}>
            {tt("maskUndo")}
          </button>
          <button type="button" class="plain" disabled={mask.value.length + corners.value.length === 0} onClick={() => ((mask.value = []), (corners.value = []))}>
            {tt("maskClear")}
          </button>
        </div>
        <ul class="areas">
          {mask.value.map((area, i) => (
            <li key={i}>
              {tt("maskArea", { n: i + 1, corners: area.length })}
              <button type="button" class="plain" aria-label={tt("maskRemove", { n: i + 1 })} onClick={() => (mask.value = mask.value.filter((_, j) => j !== i))}>
                ✕
              </button>
            </li>
          ))}
        </ul>
        <Rectangle add={(area) => (mask.value = [...mask.value, area])} />
        <label class="check">
          <input type="checkbox" name="bare" checked={bare.value} disabled={mask.value.length > 0} onChange={(event) => (bare.value = event.currentTarget.checked)} />
          {tt("maskBare")}
        </label>
        {!link && <Choices kind={kind.value} setKind={(k) => (kind.value = k)} days={days.value} setDays={(n) => (days.value = n)} />}
        {fault.value && (
          <p class="warn" role="alert">
            {fault.value}
          </p>
        )}
        <div class="buttons end">
          <button type="button" class="plain" onClick={() => dialog.current?.close()}>
            {tt("cancel")}
          </button>
          <button type="submit" class="button">
            {tt(link ? "save" : "create")}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function Choices(props: { kind: PublicLink["kind"]; setKind: (k: PublicLink["kind"]) => void; days: number; setDays: (n: number) => void }): JSX.Element {
  return (
    <div class="choices">
      <fieldset>
        <legend>{tt("kind")}</legend>
        {(["snapshot", "stream"] as const).map((k) => (
          <label key={k} class="check">
            <input type="radio" name="kind" value={k} checked={props.kind === k} onChange={() => props.setKind(k)} />
            {tt(k === "stream" ? "linkStream" : "linkSnapshot")}
          </label>
        ))}
      </fieldset>
      <label>
        {tt("expires")}{" "}
        <select name="days" value={props.days} onChange={(event) => props.setDays(Number(event.currentTarget.value))}>
          {lengths.map((n) => (
            <option key={n} value={n}>
              {tt("days", { n })}
            </option>
          ))}
        </select>
      </label>
      <p class="muted">{tt("maskWhy")}</p>
    </div>
  );
}

/** The camera's picture with what is covered, on which corners are set. */
function Canvas(props: { camera: string; mask: Mask; corners: Corner[]; add: (c: Corner) => void }): JSX.Element {
  const fault = useSignal("");
  const path = (area: readonly Corner[]): string => area.map(([x, y]) => `${x * 1000},${y * 1000}`).join(" ");
  return (
    <div class="mask-canvas">
      <img src={`api/v1/cameras/${encodeURIComponent(props.camera)}/snapshot.jpg?width=960`} alt="" draggable={false} onError={() => (fault.value = "ffmpeg")} />
      {fault.value && <p class="warn">{tt("maskNoPicture", { why: fault.value })}</p>}
      <svg
        viewBox="0 0 1000 1000"
        preserveAspectRatio="none"
        role="img"
        aria-label={tt("maskTitle")}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const part = (at: number, from: number, size: number): number => Math.min(1, Math.max(0, (at - from) / size));
          props.add([part(event.clientX, box.left, box.width), part(event.clientY, box.top, box.height)]);
        }}
      >
        {props.mask.map((area, i) => (
          <polygon key={i} class="area" points={path(area)} />
        ))}
        <polyline class="drawing" points={path(props.corners)} />
        {props.corners.map(([x, y], i) => (
          <ellipse key={i} class="corner" cx={x * 1000} cy={y * 1000} rx="5" ry="9" />
        ))}
      </svg>
    </div>
  );
}

/** A rectangle by its numbers, for those who do not draw. */
function Rectangle(props: { add: (area: Corner[]) => void }): JSX.Element {
  const at = useSignal({ left: 0, top: 0, width: 100, height: 20 });
  const fields = ["left", "top", "width", "height"] as const;
  const words = { left: "maskLeft", top: "maskTop", width: "maskWidth", height: "maskHeight" } as const;
  const add = (): void => {
    const { left, top, width, height } = at.value;
    const right = Math.min(100, left + width) / 100;
    const bottom = Math.min(100, top + height) / 100;
    if (!(right > left / 100 && bottom > top / 100)) return;
    props.add([
      [left / 100, top / 100],
      [right, top / 100],
      [right, bottom],
      [left / 100, bottom],
    ]);
  };
  return (
    <fieldset class="rectangle">
      <legend>{tt("maskRectangle")}</legend>
      {fields.map((f) => (
        <label key={f}>
          {tt(words[f])}{" "}
          <input type="number" name={f} min="0" max="100" value={at.value[f]} onInput={(event) => (at.value = { ...at.value, [f]: Math.min(100, Math.max(0, Number(event.currentTarget.value))) })} />
        </label>
      ))}
      <button type="button" class="plain" onClick={add}>
        {tt("maskAdd")}
      </button>
    </fieldset>
  );
}
