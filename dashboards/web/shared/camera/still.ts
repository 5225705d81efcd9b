// Single pictures of a camera, for where its live stream cannot be played or
// should not be asked for.

import { moment } from "./protocol";

export interface StillsOptions {
  /** The camera's part of the API: api/v1/cameras/ID */
  url: string;
  /** ms between two pictures. */
  every: number;
  /** Shows a picture. */
  image: HTMLImageElement;
  /** Shows a key frame where the server makes no pictures. */
  video: HTMLVideoElement;
  /** @param at when it came from the camera, by the server's clock */
  onPicture: (showing: "image" | "video", at: number | undefined) => void;
  /** Pictures of so many pixels across are enough. */
  width: () => number;
}

/** A server that makes no pictures is asked for one again after so long, in ms. */
const askAgain = 5 * 60_000;

export class Stills {
  private readonly end = new AbortController();
  private timer = 0;
  private blob = "";
  private noPicturesUntil = 0;

  constructor(private readonly options: StillsOptions) {}

  start(): void {
    void this.turn();
  }

  stop(): void {
    this.end.abort();
    window.clearTimeout(this.timer);
    if (this.blob) URL.revokeObjectURL(this.blob);
  }

  private async turn(): Promise<void> {
    const { every } = this.options;
    try {
      await this.fetch();
    } catch {
      // Its age says that no newer one came.
    }
    if (!this.end.signal.aborted) this.timer = window.setTimeout(() => void this.turn(), every * (0.9 + 0.2 * Math.random()));
  }

  private async fetch(): Promise<void> {
    const { url, width } = this.options;
    let response: Response | undefined;
    if (performance.now() >= this.noPicturesUntil) {
      response = await this.ask(`${url}/snapshot.jpg?width=${width()}`);
      if (!response.ok) this.noPicturesUntil = performance.now() + askAgain;
    }
    if (!response?.ok) response = await this.ask(`${url}/keyframe.mp4`);
    if (!response.ok) return;
    const at = moment(response.headers.get("X-Captured-At") ?? undefined);
    this.show(await response.blob(), at);
  }

  private ask(url: string): Promise<Response> {
    return fetch(url, { signal: this.end.signal, cache: "no-store" });
  }

  private show(blob: Blob, at: number | undefined): void {
    if (this.end.signal.aborted) return;
    const { image, video, onPicture } = this.options;
    const isImage = blob.type.startsWith("image/");
    const url = URL.createObjectURL(blob);
    const { signal } = this.end;
    const shown = (): void => {
      if (this.blob) URL.revokeObjectURL(this.blob);
      this.blob = url;
      if (!signal.aborted) onPicture(isImage ? "image" : "video", at);
    };
    const failed = (): void => URL.revokeObjectURL(url);
    const element = isImage ? image : video;
    element.addEventListener(isImage ? "load" : "loadeddata", shown, { once: true, signal });
    element.addEventListener("error", failed, { once: true, signal });
    element.src = url;
  }
}

/** Shows one JPEG after the other on a canvas, and never more than the newest. */
export class Pictures {
  private next: ArrayBuffer | undefined;
  private busy = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly onShown: () => void,
  ) {}

  show(jpeg: ArrayBuffer): void {
    this.next = jpeg;
    if (!this.busy) void this.draw();
  }

  private async draw(): Promise<void> {
    this.busy = true;
    for (let jpeg = this.next; jpeg; jpeg = this.next) {
      this.next = undefined;
      try {
        const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
        if (this.canvas.width !== bitmap.width) this.canvas.width = bitmap.width;
        if (this.canvas.height !== bitmap.height) this.canvas.height = bitmap.height;
        this.canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
        bitmap.close();
        this.onShown();
      } catch {
        // A picture that is broken; the next one may not be.
      }
    }
    this.busy = false;
  }
}
