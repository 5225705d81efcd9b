// What one shift leaves to the next: begun, written, and signed by both.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get, post, send } from "../shared/api";
import { lang, now, operator, t, times } from "../shared/live";
import { remember } from "../shared/memory";
import { askOperator } from "../shared/operator";
import { LevelBadge } from "../shared/marks";
import type { Level } from "../shared/wire";
import { ready } from "./actions";
import { reason, useLoaded } from "./load";
import { go, route } from "./route";
import { HandoverPicture } from "./handoverpicture";
import { inputTime, readTime } from "./time";
import { d } from "./words";
import type { Handover, HandoverHead, HandoverPromise } from "./wire";

export function HandoverPage(): JSX.Element {
  const again = useSignal(0);
  const loaded = useLoaded<{ handovers: HandoverHead[] }>("handovers", again.value);
  const trouble = useSignal("");
  const { id } = route.value;
  const begin = async (): Promise<void> => {
    const actor = operator.value || (await askOperator());
    if (!actor) return;
    trouble.value = "";
    try {
      const made = await post<Handover>("handovers", { actor });
      again.value++;
      go({ view: "handover", id: made.id });
    } catch (error) {
      trouble.value = d("handoverFailed", { why: reason(error) });
    }
  };
  const l = loaded.value;
  return (
    <section class="sheet handover" aria-label={d("handoverTitle")}>
      <div class="list">
        <header>
          <h2>{d("handoverTitle")}</h2>
          <button type="button" class="main" disabled={!ready()} onClick={() => void begin()}>
            {d("handoverBegin")}
          </button>
        </header>
        {trouble.value && (
          <p class="warn" role="alert">
            {trouble.value}
          </p>
        )}
        {l.state === "loading" && <p class="muted">{d("loading")}</p>}
        {l.state === "failed" && <p class="warn">{d("handoverFailed", { why: l.why })}</p>}
        {l.state === "here" && l.value.handovers.length === 0 && <p class="muted">{d("handoverNone")}</p>}
        {l.state === "here" && (
          <ul>
            {l.value.handovers.map((h) => (
              <Head key={h.id} head={h} chosen={h.id === id} />
            ))}
          </ul>
        )}
      </div>
      {id && <One key={id} id={id} onChange={() => again.value++} />}
    </section>
  );
}

function Head(props: { head: HandoverHead; chosen: boolean }): JSX.Element {
  const { head: h, chosen } = props;
  const levels = ([5, 4, 3, 2, 1] as Level[]).filter((level) => (h.open[level] ?? 0) > 0);
  return (
    <li>
      <button type="button" class="head" aria-current={chosen} onClick={() => go({ view: "handover", id: h.id })}>
        <b>{times.value.since(lang.value, Date.parse(h.created), now.value ?? 0)}</b> {h.by}
        {h.arriving ? ` → ${h.arriving.name}` : ""}
        <span class={h.arriving ? "muted" : "warn"}>{h.arriving ? "" : d(h.leaving ? "handoverWaits" : "handoverDraft")}</span>
        <span class="badges">
          {levels.map((level) => (
            <span key={level}>
              <LevelBadge level={level} seen stale={false} label={t("level", { n: level })} />
              {h.open[level]}
            </span>
          ))}
        </span>
        {h.fault && <span class="bad">{h.fault}</span>}
      </button>
    </li>
  );
}

function One(props: { id: string; onChange: () => void }): JSX.Element {
  const handover = useSignal<Handover | undefined>(undefined);
  const trouble = useSignal("");
  useEffect(() => {
    const abort = new AbortController();
    get<Handover>(`handovers/${encodeURIComponent(props.id)}`, abort.signal)
      .then((h) => (handover.value = h))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) trouble.value = d("handoverFailed", { why: reason(error) });
      });
    return () => abort.abort();
  }, [props.id]);
  const h = handover.value;
  return (
    <article class="one" data-handover={props.id}>
      {trouble.value && (
        <p class="warn" role="alert">
          {trouble.value}
        </p>
      )}
      {!h && !trouble.value && <p class="muted">{d("loading")}</p>}
      {h && (
        <Written
          key={`${h.version}`}
          h={h}
          onTrouble={(text) => (trouble.value = text)}
          onChange={(next) => {
            trouble.value = "";
            handover.value = next;
            props.onChange();
            if (!next) go({ view: "handover" });
          }}
        />
      )}
    </article>
  );
}

interface WrittenProps {
  h: Handover;
  onChange: (next: Handover | undefined) => void;
  onTrouble: (text: string) => void;
}

function Written(props: WrittenProps): JSX.Element {
  const { h } = props;
  const l = lang.value;
  const remarks = useSignal(h.remarks);
  const notes = useSignal<Record<string, string>>(h.notes ?? {});
  const promises = useSignal<HandoverPromise[]>(h.promises ?? []);
  const arriving = useSignal("");
  const busy = useSignal(false);
  const signed = h.leaving !== undefined && h.arriving !== undefined;
  const mine = operator.value === h.by;
  const locked = signed || !mine || !ready() || busy.value;
  const edit = { remarks: remarks.value, notes: notes.value, promises: promises.value };
  const unsaved = JSON.stringify(edit) !== JSON.stringify({ remarks: h.remarks, notes: h.notes ?? {}, promises: h.promises ?? [] });
  const path = `handovers/${encodeURIComponent(h.id)}`;
  const attempt = async (what: () => Promise<Handover | undefined>): Promise<void> => {
    busy.value = true;
    try {
      props.onChange(await what());
    } catch (error) {
      props.onTrouble(d("handoverFailed", { why: reason(error) }));
    } finally {
      busy.value = false;
    }
  };
  const save = async (from = h): Promise<Handover> => (unsaved ? await send<Handover>("PUT", path, { actor: h.by, version: from.version, ...edit }) : from);
  const retake = (): Promise<void> => attempt(async () => post<Handover>(`${path}/retake`, { actor: h.by, version: (await save()).version }));
  const signLeaving = (): Promise<void> => attempt(async () => post<Handover>(`${path}/sign`, { actor: h.by, version: (await save()).version }));
  const signArriving = (): Promise<void> => {
    const actor = arriving.value.trim();
    if (!actor) return Promise.resolve();
    if (actor.toLowerCase() === h.by.trim().toLowerCase()) {
      props.onTrouble(d("handoverNotSelf"));
      return Promise.resolve();
    }
    return attempt(async () => {
      const after = await post<Handover>(`${path}/sign`, { actor, version: h.version });
      // Who arrives is on duty from now on.
      operator.value = actor;
      remember("operator", actor);
      return after;
    });
  };
  const discard = (): Promise<void> =>
    attempt(async () => {
      await post(`${path}/discard`, { actor: h.by });
      return undefined;
    });
  return (
    <>
      <header>
        <h2>
          {d("handoverBy")}: {h.by}
        </h2>
        <span class="muted">{d("handoverTaken", { time: `${times.value.long(l, Date.parse(h.taken))}, ${times.value.date(l, Date.parse(h.taken))}` })}</span>
        <span class="spacer" />
        {!signed && !h.leaving && (
          <button type="button" class="plain" disabled={locked} onClick={() => void retake()}>
            {d("handoverRetake")}
          </button>
        )}
        <button type="button" class="plain" onClick={() => window.print()}>
          {d("handoverPrint")}
        </button>
      </header>
      {h.fault && <p class="bad">{d("handoverFault", { why: h.fault })}</p>}
      {!mine && !signed && !h.leaving && <p class="muted">{d("handoverOnlyBy", { who: h.by })}</p>}
      <label class="remarks">
        {d("handoverRemarks")}
        <textarea rows={4} placeholder={d("handoverRemarksHint")} value={remarks.value} readOnly={locked} maxLength={50_000} onInput={(e) => (remarks.value = e.currentTarget.value)} />
      </label>
      <Promises list={promises.value} locked={locked} by={h.by} onChange={(next) => (promises.value = next)} />
      <HandoverPicture h={h} notes={notes.value} locked={locked} onNote={(id, text) => (notes.value = text ? { ...notes.value, [id]: text } : without(notes.value, id))} />
      <footer class="signatures">
        {h.leaving && <p class="good">{d("handoverSignedLeaving", { who: h.leaving.name, time: times.value.since(l, Date.parse(h.leaving.at), now.value ?? 0) })}</p>}
        {h.arriving && <p class="good">{d("handoverSignedArriving", { who: h.arriving.name, time: times.value.since(l, Date.parse(h.arriving.at), now.value ?? 0) })}</p>}
        {signed && (
          <p>
            {d("handoverSigned")} {h.hash && <code>{d("handoverHash", { hash: h.hash.slice(0, 16) })}</code>}
          </p>
        )}
        {!signed && (
          <div class="row">
            <span class={unsaved ? "warn" : "muted"} role="status">
              {d(unsaved ? "handoverUnsaved" : "handoverSaved")}
            </span>
            <button type="button" class="plain" disabled={locked || !unsaved} onClick={() => void attempt(() => save())}>
              {d("handoverSave")}
            </button>
            {!h.leaving && (
              <button type="button" class="main sign-leaving" disabled={locked} onClick={() => void signLeaving()}>
                {d("handoverSignLeaving", { who: h.by })}
              </button>
            )}
            {!h.leaving && (
              <button type="button" class="plain" disabled={locked} onClick={() => void discard()}>
                {d("handoverDiscard")}
              </button>
            )}
          </div>
        )}
        {!signed && h.leaving && (
          <form
            class="row arriving"
            onSubmit={(event) => {
              event.preventDefault();
              void signArriving();
            }}
          >
            <label>
              {d("handoverSignAs")} <input value={arriving.value} required maxLength={100} autocomplete="name" onInput={(e) => (arriving.value = e.currentTarget.value)} />
            </label>
            <button type="submit" class="main" disabled={!ready() || busy.value || unsaved}>
              {d("handoverSignArriving", { who: arriving.value || "…" })}
            </button>
          </form>
        )}
      </footer>
    </>
  );
}

function without(notes: Record<string, string>, id: string): Record<string, string> {
  return Object.fromEntries(Object.entries(notes).filter(([key]) => key !== id));
}

function Promises(props: { list: HandoverPromise[]; locked: boolean; by: string; onChange: (next: HandoverPromise[]) => void }): JSX.Element {
  const { list, locked, onChange } = props;
  const set = (i: number, change: Partial<HandoverPromise>): void => onChange(list.map((p, k) => (k === i ? { ...p, ...change } : p)));
  const hour = 3_600_000;
  return (
    <section>
      <h3>{d("handoverPromises")}</h3>
      <ul class="promises">
        {list.map((p, i) => (
          <li key={i}>
            <input type="checkbox" aria-label={d("handoverDone")} checked={p.done} disabled={locked} onChange={(e) => set(i, { done: e.currentTarget.checked })} />
            <input aria-label={d("handoverWhat")} placeholder={d("handoverWhat")} value={p.note} readOnly={locked} maxLength={500} onInput={(e) => set(i, { note: e.currentTarget.value })} />
            <input
              type="datetime-local"
              aria-label={d("handoverDue")}
              value={inputTime(times.value, Date.parse(p.due))}
              readOnly={locked}
              onInput={(e) => {
                const due = readTime(times.value, e.currentTarget.value);
                if (due !== undefined) set(i, { due: new Date(due).toISOString() });
              }}
            />
            <span class="muted">{p.by}</span>
            {!locked && (
              <button type="button" class="plain" onClick={() => onChange(list.filter((_, k) => k !== i))}>
                {d("handoverRemove")}
              </button>
            )}
          </li>
        ))}
      </ul>
      {list.length === 0 && locked && <p class="muted">{d("handoverNothing")}</p>}
      {!locked && (
        <button type="button" class="plain" onClick={() => onChange([...list, { due: new Date((now.value ?? Date.now()) + hour).toISOString(), by: props.by, note: "", done: false }])}>
          {d("handoverAddPromise")}
        </button>
      )}
    </section>
  );
}
