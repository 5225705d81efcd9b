// The column of what was chosen.

import type { JSX } from "preact";
import { audited } from "./auditstate";
import { CameraCard } from "./camera";
import { AlertCard } from "./card";
import { DeviceCard } from "./device";
import { chosen, go } from "./route";
import { chosenAlert } from "./select";
import { d } from "./words";

export function Detail(): JSX.Element {
  const c = chosen.value;
  return (
    <aside class="chosen" aria-live="off">
      {c && (
        <button type="button" class="plain close" onClick={() => go({ view: "overview" })}>
          {d("close")} <kbd>Esc</kbd>
        </button>
      )}
      <Content />
    </aside>
  );
}

function Content(): JSX.Element {
  const c = chosen.value;
  if (!c) {
    return (
      <div class="nothing">
        <p>{d("nothingChosen")}</p>
        <p class="muted">{d("nothingChosenHint")}</p>
      </div>
    );
  }
  if (c.kind === "device") return <DeviceCard id={c.id} />;
  if (c.kind === "camera") return <CameraCard id={c.id} />;
  const alert = chosenAlert.value;
  return alert ? <AlertCard key={alert.id} alert={alert} /> : <Gone id={c.id} />;
}

/** An alert that was looked at and is closed now; what became of it can be read. */
function Gone(props: { id: string }): JSX.Element {
  return (
    <div class="nothing">
      <p>{d("gone")}</p>
      <p class="muted">{d("goneHint")}</p>
      <button
        type="button"
        class="plain"
        onClick={() => {
          audited.value = { ...audited.value, alert: props.id };
          go({ view: "audit" });
        }}
      >
        {d("goneAudit")}
      </button>
    </div>
  );
}
