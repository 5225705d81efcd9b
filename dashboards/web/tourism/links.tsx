// The links by which the public sees a point: none unless somebody makes one.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get, post } from "../shared/api";
import { lang, now, operator, times } from "../shared/live";
import { askOperator } from "../shared/operator";
import { MaskDialog } from "./mask";
import { reason, type Asked } from "./state";
import type { Access, PublicLink } from "./wire";
import { tt } from "./words";

/** Who does something about links; empty where nobody says. */
export async function who(): Promise<string> {
  return operator.value || (await askOperator());
}

function clock(text: string): string {
  const at = Date.parse(text);
  return times.value.since(lang.value, at, now.value ?? at);
}

/** 22/11/2026, 14:03: an end may lie far ahead. */
function full(text: string): string {
  const at = Date.parse(text);
  return `${times.value.short(lang.value, at)} ${times.value.date(lang.value, at)}`;
}

export function LinksPanel(props: { camera: string }): JSX.Element {
  const asked = useSignal<Asked<PublicLink[]>>({ is: "loading" });
  const dialog = useSignal<PublicLink | "new" | undefined>(undefined);
  const ask = async (): Promise<void> => {
    try {
      const list = await get<{ links: PublicLink[] }>(`tourism/links?camera=${encodeURIComponent(props.camera)}`);
      asked.value = { is: "known", value: list.links };
    } catch (error) {
      asked.value = { is: "failed", why: reason(error) };
    }
  };
  useEffect(() => void ask(), [props.camera]);
  const known = asked.value;
  const open = known.is === "known" ? known.value.filter((l) => l.open) : [];
  const closed = known.is === "known" ? known.value.filter((l) => !l.open) : [];
  return (
    <section class="panel links" aria-label={tt("links")}>
      <h3>{tt("links")}</h3>
      {known.is === "loading" && <p class="muted">{tt("loading")}</p>}
      {known.is === "failed" && <p class="warn">{tt("failed", { why: known.why })}</p>}
      {known.is === "known" && open.length === 0 && <p>{tt("linksOff")}</p>}
      {open.length > 0 && (
        <ul>
          {open.map((l) => (
            <Open key={l.id} link={l} mask={() => (dialog.value = l)} changed={() => void ask()} />
          ))}
        </ul>
      )}
      {known.is === "known" && (
        <button type="button" class="plain" onClick={() => (dialog.value = "new")}>
          {tt("linkNew")}
        </button>
      )}
      {closed.length > 0 && (
        <details>
          <summary>{tt("linkClosed", { n: closed.length })}</summary>
          <ul>
            {closed.map((l) => (
              <li key={l.id} class="muted">
                {tt(l.kind === "stream" ? "linkStream" : "linkSnapshot")} ·{" "}
                {l.revoked ? tt("linkRevoked", { who: l.revoked_by ?? "", time: clock(l.revoked) }) : tt("linkExpired", { time: full(l.expires) })}
                <Log id={l.id} />
              </li>
            ))}
          </ul>
        </details>
      )}
      {dialog.value !== undefined && (
        <MaskDialog
          camera={props.camera}
          link={dialog.value === "new" ? undefined : dialog.value}
          done={() => {
            dialog.value = undefined;
            void ask();
          }}
        />
      )}
    </section>
  );
}

function Open(props: { link: PublicLink; mask: () => void; changed: () => void }): JSX.Element {
  const { link } = props;
  const copied = useSignal(false);
  const sure = useSignal(false);
  const fault = useSignal("");
  const url = new URL((link.href ?? "").replace(/^\//, ""), document.baseURI).href.replace(/#.*$/, "");
  const revoke = async (): Promise<void> => {
    const actor = await who();
    if (!actor) return;
    try {
      await post(`tourism/links/${link.id}/revoke`, { actor });
    } catch (error) {
      fault.value = reason(error);
    }
    props.changed();
  };
  return (
    <li class="link">
      <p>
        <strong>{tt(link.kind === "stream" ? "linkStream" : "linkSnapshot")}</strong> · {tt("linkUntil", { time: full(link.expires) })} ·{" "}
        {link.mask.length === 0 ? tt("linkBare") : tt("linkAreas", { n: link.mask.length })}
      </p>
      <p class="url">
        <a href={url} target="_blank" rel="noreferrer">
          {url}
        </a>
      </p>
      <p class="muted">{tt("linkBy", { who: link.created_by, time: clock(link.created) })}</p>
      <div class="buttons">
        <button type="button" class="plain" onClick={() => void navigator.clipboard?.writeText(url).then(() => (copied.value = true))}>
          {tt(copied.value ? "linkCopied" : "linkCopy")}
        </button>
        <button type="button" class="plain" onClick={props.mask}>
          {tt("linkMask")}
        </button>
        {sure.value ? (
          <>
            <span class="warn">{tt("linkRevokeAsk")}</span>
            <button type="button" class="danger" onClick={() => void revoke()}>
              {tt("linkRevoke")}
            </button>
            <button type="button" class="plain" onClick={() => (sure.value = false)}>
              {tt("cancel")}
            </button>
          </>
        ) : (
          <button type="button" class="plain revoke" onClick={() => (sure.value = true)}>
            {tt("linkRevoke")}
          </button>
        )}
      </div>
      {fault.value && <p class="warn">{tt("failed", { why: fault.value })}</p>}
      <Log id={link.id} />
    </li>
  );
}

/** Who had to do with a link; asked for when it is opened. */
function Log(props: { id: string }): JSX.Element {
  const lines = useSignal<Asked<Access[]> | undefined>(undefined);
  const ask = async (): Promise<void> => {
    try {
      const list = await get<{ accesses: Access[] }>(`tourism/links/${props.id}/accesses?limit=30`);
      lines.value = { is: "known", value: list.accesses };
    } catch (error) {
      lines.value = { is: "failed", why: reason(error) };
    }
  };
  const known = lines.value;
  return (
    <details onToggle={(event) => event.currentTarget.open && void ask()}>
      <summary>{tt("linkLog")}</summary>
      {known?.is === "failed" && <p class="warn">{tt("failed", { why: known.why })}</p>}
      {known?.is === "known" && (
        <ol class="log">
          {known.value.length === 0 && <li class="muted">{tt("linkLogNone")}</li>}
          {known.value.map((a, i) => (
            <li key={i}>
              <span class="muted">{clock(a.time)}</span> {tt(`log_${a.event}`, { who: a.actor ?? "", from: a.address ?? "", n: a.pictures ?? 0 })}
            </li>
          ))}
        </ol>
      )}
    </details>
  );
}
