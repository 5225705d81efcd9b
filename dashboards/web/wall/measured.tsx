// The value that an alert rests on.

import type { JSX } from "preact";
import { Ago } from "../shared/ago";
import { number, unit } from "../shared/format";
import { devices, lang, t } from "../shared/live";
import { textValue } from "../shared/words";
import type { Alert, Evidence } from "../shared/wire";
import { say } from "./words";

/**
 * The measured value against its bound, with its age. A number is the newest
 * of the device; a text is the one that raised the alert, because a fire panel
 * that says "normal" again has not put the fire out.
 */
export function Measured(props: { alert: Alert }): JSX.Element {
  const e: Evidence | undefined = props.alert.properties.evidence[0];
  if (!e) return <span class="measured" />;
  const l = lang.value;
  const newest = devices.value.get(e.device)?.properties.values.find((v) => v.value === e.value);
  // What was made of several readings is no reading.
  const current = !e.text && !e.fn && newest?.number !== undefined && Date.parse(newest.time) >= Date.parse(e.time);
  const decimals = newest?.decimals ?? 2;
  // A detector's 1 says that it has tripped.
  const tripped = (e.value === "smoke" || e.value === "heat") && e.number > 0;
  const u = tripped ? "" : unit(l, e.unit ?? newest?.unit);
  return (
    <span class="measured">
      <span class="value">
        {tripped ? say("tripped") : e.text ? textValue(l, e.text) : number(l, current ? newest.number! : e.number, decimals)}
        {u && <small> {u}</small>}
      </span>
      {e.bound !== undefined && !e.text && !tripped && (
        <span class="bound">
          {t("bound")} {number(l, e.bound, decimals)}
        </span>
      )}
      <Ago ms={Date.parse(current ? newest.time : e.time)} />
    </span>
  );
}
