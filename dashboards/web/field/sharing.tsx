// Asks whether the centre may see where the team is, says that it does, and
// stops it.

import type { JSX } from "preact";
import { answering, consent, setConsent, shareFault, told } from "./share";
import { radius, s } from "./speak";
import { agoHere, current, myTeam } from "./state";
import { finding, fix } from "./where";

/** Shown while my team answers an alert. */
export function Share(): JSX.Element | null {
  if (!answering.value || !myTeam.value) return null;
  switch (consent.value) {
    case "unasked":
      return (
        <section class="share ask" aria-label={s("share")}>
          <h2>{s("shareAsk", { team: myTeam.value.name })}</h2>
          <p>{s("shareMeans")}</p>
          <p class="choices">
            <button type="button" data-share="yes" onClick={() => setConsent("yes")}>
              {s("shareYes")}
            </button>
            <button type="button" class="plain" data-share="no" onClick={() => setConsent("no")}>
              {s("shareNo")}
            </button>
          </p>
        </section>
      );
    case "yes":
      return (
        <section class="share on" role="status" aria-label={s("share")}>
          <p>
            <strong>{s(current.value && told.value ? "shareOn" : "shareLate")}</strong> {state()}
          </p>
          <button type="button" class="plain" data-share="no" onClick={() => setConsent("no")}>
            {s("shareStop")}
          </button>
        </section>
      );
    default:
      return (
        <section class="share off" aria-label={s("share")}>
          <p class="muted">{s("shareOff")}</p>
          <button type="button" class="plain" data-share="yes" onClick={() => setConsent("yes")}>
            {s("shareYes")}
          </button>
        </section>
      );
  }
}

function state(): string {
  if (finding.value === "denied") return s("positionDenied");
  if (finding.value === "insecure") return s("positionInsecure");
  if (shareFault.value) return shareFault.value;
  const last = told.value;
  if (last) return s("shareTold", { accuracy: radius(last.fix.accuracy), age: agoHere(last.at) });
  return fix.value ? "" : s("positionWait");
}
