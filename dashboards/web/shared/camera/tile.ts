// <camera-tile camera="ID" label="NAME" lang="vi">: a camera, live, and honest
// about it.
//
// Attributes: camera, label, lang; note stands in a corner; stream is "sub" (the default) or "main";
// still asks for single pictures instead of the live stream, so that a camera
// that is pulled on demand is left in peace; title-less and bare, it fills the
// box it is given. What it looks like says data-look: see Look.

import { age, number, Times } from "../format";
import { word, type Lang, type Word } from "../words";
import { judge, type Facts, type Verdict } from "./look";
import { canPlay } from "./player";
import { Session, type CameraStatus } from "./session";
import { Stills } from "./still";

/** What tiles know of the page they are on. */
export interface TilePage {
  /** The server's time in ms, as far as it is known. */
  now: () => number | undefined;
  times: () => Times;
  /** The cameras' part of the API, ending in a slash. */
  base: string;
}

/** How often single pictures are asked for, in ms: where the browser plays no stream, and where none should be pulled. */
const stillEvery = 5_000;
const restingEvery = 20_000;
/** And where there is nothing but the last picture of a camera that is gone. */
const lastEvery = 60_000;
/** A tile that is out of sight for less than this, in ms, goes on: people scroll. */
const lingers = 700;

export class CameraTile extends HTMLElement {
  static readonly observedAttributes = ["camera", "stream", "still", "label", "note", "lang"];
  static page: TilePage = { now: () => Date.now(), times: () => new Times("Asia/Ho_Chi_Minh"), base: "api/v1/cameras/" };

  // Not "private": what renders the element sets its properties by their names.
  readonly #video = document.createElement("video");
  readonly #canvas = document.createElement("canvas");
  readonly #image = document.createElement("img");
  readonly #reason = document.createElement("strong");
  readonly #moment = document.createElement("span");
  readonly #name = document.createElement("span");
  readonly #note = document.createElement("span");
  readonly #mark = document.createElement("span");

  #session: Session | undefined;
  #stills: Stills | undefined;
  #stillAt: number | undefined;
  #stillShown = false;
  #refused: string | undefined;
  #told: CameraStatus | undefined;
  #visible = false;
  #built = false;
  #leaving = 0;

  /** What the page knows of the camera: it counts until the live stream tells more. */
  set status(status: CameraStatus | undefined) {
    this.#told = status;
    this.update();
  }

  get status(): CameraStatus | undefined {
    return this.#session?.status ?? this.#told;
  }

  connectedCallback(): void {
    this.build();
    ticking.add(this);
    sight.observe(this);
    this.decide();
  }

  disconnectedCallback(): void {
    // A tile that is only moved is back before this runs.
    queueMicrotask(() => {
      if (this.isConnected) return;
      ticking.delete(this);
      sight.unobserve(this);
      this.#visible = false;
      this.stop();
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.#built) return;
    if (name === "label" || name === "note" || name === "lang") {
      this.update();
      return;
    }
    this.stop();
    if (name === "camera") this.#told = undefined;
    this.#refused = undefined;
    this.decide();
  }

  /** Called by the observer of what is in sight. */
  seen(visible: boolean): void {
    this.#visible = visible;
    this.decide();
  }

  /** Plays while somebody can see it. */
  decide(): void {
    window.clearTimeout(this.#leaving);
    const wanted = this.isConnected && this.#visible && !document.hidden && this.hasAttribute("camera");
    if (wanted) this.start();
    else if (this.#session || this.#stills) this.#leaving = window.setTimeout(() => this.stop(), document.hidden ? 0 : lingers);
    this.update();
  }

  private start(): void {
    if (this.#session || this.#stills) return;
    if (this.hasAttribute("still") || !canPlay()) {
      this.showStills(this.hasAttribute("still") ? restingEvery : stillEvery);
      return;
    }
    const main = this.getAttribute("stream") === "main";
    const url = new URL(`${this.path()}/live?stream=${main ? "main" : "sub"}`, document.baseURI);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.#session = new Session({
      url: url.href,
      video: this.#video,
      canvas: this.#canvas,
      // A key frame is shown in the element that the stream now needs.
      onBegin: () => {
        if (this.dataset["showing"] !== "still") this.dropStills();
      },
      onChange: () => this.update(),
      onRefused: (codec) => {
        this.#refused = codec;
        this.#told = this.#session?.status ?? this.#told;
        this.#session?.close();
        this.#session = undefined;
        this.dropStills();
        this.showStills(stillEvery);
      },
    });
    // A main stream is seldom pulled already: until it comes there is a picture.
    if (main) this.showStills(lastEvery);
  }

  private showStills(every: number): void {
    this.#stills = new Stills({
      url: this.path(),
      every,
      image: this.#image,
      video: this.#video,
      width: () => Math.min(1920, Math.max(320, Math.ceil((this.clientWidth * devicePixelRatio) / 320) * 320)),
      onPicture: (showing, at) => {
        this.#stillShown = true;
        this.#stillAt = at;
        this.dataset["showing"] = showing === "image" ? "still" : "video";
        this.update();
      },
    });
    this.#stills.start();
  }

  private dropStills(): void {
    this.#stills?.stop();
    this.#stills = undefined;
    this.#stillShown = false;
  }

  private stop(): void {
    this.#session?.close();
    this.#session = undefined;
    this.dropStills();
    this.#video.removeAttribute("src");
    this.#video.load(); // lets go of the decoder
    this.#image.removeAttribute("src");
    this.update();
  }

  private path(): string {
    return CameraTile.page.base + encodeURIComponent(this.getAttribute("camera") ?? "");
  }

  private facts(): Facts {
    const session = this.#session;
    const { status } = this;
    const live = session && session.showing !== "nothing" ? session : undefined;
    const showing = live?.showing ?? (this.#stillShown ? "still" : "nothing");
    return {
      now: CameraTile.page.now(),
      state: status?.state,
      since: status?.since,
      lastFrame: status?.lastFrame,
      linked: session?.linked ?? true,
      showing,
      pictureAt: live ? live.pictureAt : this.#stillShown ? this.#stillAt : undefined,
      idle: session?.idle() ?? 0,
      refused: this.#refused,
    };
  }

  /** Says how it is; called once a second, and when something happens. */
  update(): void {
    if (!this.#built) return;
    if (this.#session && this.#session.showing !== "nothing" && this.#stills) this.dropStills();
    const facts = this.facts();
    const verdict = judge(facts);
    // Of a still, what shows it has said which element that is.
    if (facts.showing !== "still") this.dataset["showing"] = facts.showing;
    if (this.dataset["look"] !== verdict.look) this.dataset["look"] = verdict.look;
    write(this.#name, this.getAttribute("label") ?? this.getAttribute("camera") ?? "");
    write(this.#reason, verdict.reason ? this.t(verdict.reason) : "");
    write(this.#moment, this.when(verdict, facts.now));
    write(this.#note, this.getAttribute("note") ?? "");
    write(this.#mark, this.caption(verdict, facts));
    // A camera that is gone is shown as it was last seen.
    const unseen = facts.showing === "nothing" && verdict.look === "stale" && facts.lastFrame !== undefined;
    if (unseen && this.#session && !this.#stills) this.showStills(lastEvery);
  }

  private t(key: Word, values?: Record<string, string | number>): string {
    return word(this.language, key, values);
  }

  private get language(): Lang {
    return this.lang === "en" ? "en" : "vi";
  }

  /** When what is shown was, where it is not live. */
  private when({ look, at, of }: Verdict, now: number | undefined): string {
    if (look === "live" || look === "still" || at === undefined) return "";
    const time = clock(this.language, at, now);
    if (of === "frozenSince") return this.t("cameraFrozenSince", { time });
    return this.t("cameraLast", { time }) + (now === undefined ? "" : ` (${age(this.language, now - at)})`);
  }

  /** The age of a live picture, and what else a picture is. */
  private caption({ look }: Verdict, { now, pictureAt }: Facts): string {
    const l = this.language;
    const ms = now === undefined || pictureAt === undefined ? undefined : Math.max(0, now - pictureAt);
    if (look === "live") return ms === undefined ? this.t("cameraLive") : `${number(l, ms / 1000, 1)} s`;
    if (look !== "still") return "";
    return ms === undefined ? this.t("cameraStill") : `${this.t("cameraStill")} · ${age(l, ms)}`;
  }

  private build(): void {
    if (this.#built) return;
    this.#built = true;
    const video = this.#video;
    const image = this.#image;
    video.muted = video.autoplay = video.playsInline = true;
    video.disablePictureInPicture = true;
    video.tabIndex = -1;
    for (const element of [video, this.#canvas, image]) element.setAttribute("aria-hidden", "true");
    image.alt = "";
    const veil = document.createElement("div");
    veil.className = "veil";
    veil.append(this.#reason, this.#moment);
    const caption = document.createElement("div");
    caption.className = "caption";
    this.#name.className = "label";
    this.#note.className = "note";
    this.#mark.className = "mark-text";
    caption.append(this.#name, this.#mark);
    this.append(video, this.#canvas, image, veil, caption, this.#note);
  }
}

/** 14:03:22, or 21/11 14:03 where that was not today. */
function clock(lang: Lang, at: number, now: number | undefined): string {
  const times = CameraTile.page.times();
  return now !== undefined && now - at > 12 * 3_600_000 ? times.since(lang, at, now) : times.long(lang, at);
}

function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const ticking = new Set<CameraTile>();
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) (target as CameraTile).seen(isIntersecting);
});
document.addEventListener("visibilitychange", () => {
  for (const tile of ticking) tile.decide();
});
window.setInterval(() => {
  if (!document.hidden) for (const tile of ticking) tile.update();
}, 1000);
customElements.define("camera-tile", CameraTile);
