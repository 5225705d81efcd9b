// The keyboard: what each key does, and the list of them.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { remember, remembered } from "../shared/memory";
import { asked, begin, possible, verbs, type Verb } from "./actions";
import { switchService } from "./service";
import { shownDevices } from "./hindsight";
import { chosen, go, route, views } from "./route";
import { openSearch } from "./search";
import { chosenAlert, step } from "./select";
import { togglePast } from "./scrub";
import { d } from "./words";

const helping = signal(false);
/** Single letters can be switched off: whoever dictates, or hits keys by accident, needs that (WCAG 2.1.4). */
const letters = signal(remembered("desk-letters") !== "off");

export function openHelp(): void {
  helping.value = true;
}

/** Keys that go to a text field are nobody else's. */
function typing(target: EventTarget | null): boolean {
  // A dialog that has just closed has the focus for a moment longer.
  return target instanceof HTMLElement && !target.closest("dialog:not([open])") && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target instanceof HTMLInputElement && !["checkbox", "range", "button"].includes(target.type)));
}

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") (event.target as HTMLElement).blur();
      return;
    }
    if (press(event.key)) event.preventDefault();
  });
}

/** Does what a key does; whether it does anything. */
export function press(key: string): boolean {
  if (key === "Escape") {
    if (!chosen.peek()) return false;
    go({ view: "overview" });
    return true;
  }
  if (!letters.peek()) return false;
  const view = views[Number(key) - 1];
  if (view) {
    go({ view });
    return true;
  }
  switch (key.toLowerCase()) {
    case "/":
      openSearch();
      return true;
    case "?":
      openHelp();
      return true;
    case "t":
      togglePast();
      return true;
  }
  return route.peek().view === "overview" && pressOnChosen(key.toLowerCase());
}

function pressOnChosen(key: string): boolean {
  if (key === "j" || key === "k") {
    step(key === "j" ? 1 : -1);
    return true;
  }
  const c = chosen.peek();
  const device = c?.kind === "device" ? shownDevices.peek().get(c.id) : undefined;
  if (device && key === verbs.out_of_service.key) {
    switchService(device);
    return true;
  }
  const alert = chosenAlert.peek();
  const verb = alert && possible(alert.properties).find((v) => verbs[v].key === key);
  if (!alert || !verb || asked.peek()) return false;
  void begin(alert, verb);
  return true;
}

export function HelpDialog(): JSX.Element | null {
  return helping.value ? <Help /> : null;
}

function Help(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = (): void => void (helping.value = false);
  const around: [string, string][] = [
    ["J K", d("helpMove")], ["/", d("helpSearch")], [`1–${views.length}`, d("helpTabs")], ["T", d("helpPast")], ["Esc", d("helpEscape")], ["?", d("helpHelp")],
  ];
  const seen = new Set<string>();
  const actions = (Object.keys(verbs) as Verb[]).map((verb): [string, string] => [verbs[verb].key.toUpperCase(), d(`do_${verb}`)]);
  const merged = actions.filter(([key]) => !seen.has(key) && seen.add(key)).map(([key]): [string, string] => [key, actions.filter(([k]) => k === key).map(([, what]) => what).join(" / ")]);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={close}>
      <h2 id="help-title">{d("help")}</h2>
      <div class="columns">
        <Keys title={d("helpAround")} keys={around} />
        <Keys title={d("helpActions")} keys={merged} />
      </div>
      <label>
        <input
          type="checkbox"
          checked={letters.value}
          onChange={(event) => {
            letters.value = event.currentTarget.checked;
            remember("desk-letters", letters.value ? "on" : "off");
          }}
        />{" "}
        {d("helpLetters")}
      </label>
      <p class="muted">{d("honest")}</p>
      <div class="buttons">
        <button type="button" class="plain" onClick={close}>
          {d("close")}
        </button>
      </div>
    </dialog>
  );
}

function Keys(props: { title: string; keys: [string, string][] }): JSX.Element {
  return (
    <section>
      <h3>{props.title}</h3>
      <dl class="keys">
        {props.keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              {key.split(" ").map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
