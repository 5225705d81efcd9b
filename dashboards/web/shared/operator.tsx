// Who acknowledges at this screen.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { operator, t } from "./live";
import { remember } from "./memory";

/** Set while somebody waits for the name. */
const asking = signal<((name: string) => void) | undefined>(undefined);

/** Asks for the name; an empty one says that nobody gave it. */
export function askOperator(): Promise<string> {
  return new Promise((resolve) => {
    asking.value?.("");
    asking.value = (name) => {
      asking.value = undefined;
      if (name) {
        operator.value = name;
        remember("operator", name);
      }
      resolve(name);
    };
  });
}

export function OperatorDialog(): JSX.Element | null {
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const answer = asking.value;
  useEffect(() => {
    if (answer) {
      dialog.current?.showModal();
      input.current?.select();
    }
  }, [answer]);
  if (!answer) return null;
  return (
    <dialog ref={dialog} aria-labelledby="operator-title" onCancel={() => answer("")}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          answer((input.current?.value ?? "").trim());
        }}
      >
        <h2 id="operator-title">{t("operatorAsk")}</h2>
        <input ref={input} aria-label={t("operator")} defaultValue={operator.value} maxLength={100} required autocomplete="name" />
        <p class="muted">{t("operatorHint")}</p>
        <div class="buttons">
          <button type="button" class="plain" onClick={() => answer("")}>
            {t("cancel")}
          </button>
          <button type="submit">{t("save")}</button>
        </div>
      </form>
    </dialog>
  );
}
