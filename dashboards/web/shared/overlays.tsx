// What lies over an alert: why nobody is called about it, and how sure it is.

import type { JSX } from "preact";
import { lang, now, times } from "./live";
import { phrases } from "./words";
import type { Alert } from "./wire";

const say = phrases(
  {
    exercise: "DIỄN TẬP",
    stale: "Mất tín hiệu",
    toVerify: "Cần xác minh",
    retrospective: "Đã qua, báo muộn",
    shelved: "Tạm gác đến {time}",
    suppressed: "Thuộc cảnh báo khác",
    outOfService: "Đang bảo trì",
    flapping: "Chập chờn",
    escalated: "Đã báo cấp trên ({n})",
  },
  {
    exercise: "EXERCISE",
    stale: "No signal",
    toVerify: "To verify",
    retrospective: "Over, told late",
    shelved: "Shelved until {time}",
    suppressed: "Part of another alert",
    outOfService: "Out of service",
    flapping: "Flapping",
    escalated: "Escalated ({n})",
  },
);

/** Every overlay of an alert as a tag, the weightiest first. */
export function Overlays(props: { alert: Alert }): JSX.Element {
  const p = props.alert.properties;
  const l = lang.value;
  const at = now.value ?? 0;
  return (
    <>
      {p.exercise && <span class="state exercise">{say(l, "exercise")}</span>}
      {p.stale && <span class="state no-signal">{say(l, "stale")}</span>}
      {p.to_verify && <span class="state to-verify">{say(l, "toVerify")}</span>}
      {p.retrospective && <span class="state looks-back">{say(l, "retrospective")}</span>}
      {p.shelved && <span class="state shelved">{say(l, "shelved", { time: times.value.since(l, Date.parse(p.shelved.until), at) })}</span>}
      {p.suppressed_by && <span class="state suppressed">{say(l, "suppressed")}</span>}
      {p.out_of_service && <span class="state out-of-service">{say(l, "outOfService")}</span>}
      {p.flapping && <span class="state flapping">{say(l, "flapping")}</span>}
      {(p.escalation ?? 0) > 0 && p.handling === "new" && <span class="state escalated">{say(l, "escalated", { n: p.escalation! })}</span>}
    </>
  );
}
