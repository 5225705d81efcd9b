// One viewing of a camera's live stream, from its websocket to the screen.

import { canPlay, Player } from "./player";
import { MediaTimes, moment, type CameraState, type StreamMessage } from "./protocol";
import { LiveSocket, type Socket } from "./socket";
import { Pictures } from "./still";

/** What the server says of the camera. */
export interface CameraStatus {
  state: CameraState;
  /** ms, of the server's clock */
  since?: number | undefined;
  lastFrame?: number | undefined;
  detail?: string | undefined;
}

export interface SessionOptions {
  url: string;
  video: HTMLVideoElement;
  canvas: HTMLCanvasElement;
  /** Pictures are about to be shown: the elements are needed. */
  onBegin: () => void;
  /** Something is other than it was. */
  onChange: () => void;
  /** This browser does not play such a stream; nothing more will come. */
  onRefused: (codec: string) => void;
}

export class Session {
  status: CameraStatus | undefined;
  linked = true;
  showing: "nothing" | "video" | "pictures" = "nothing";
  private readonly socket: LiveSocket;
  private readonly times = new MediaTimes();
  private player: Player | undefined;
  private pictures: Pictures | undefined;
  /** The stream whose init segment is to come. */
  private next: StreamMessage | undefined;
  private newestAt: number | undefined;
  private frames = 0;
  private movedAt = performance.now();

  constructor(private readonly options: SessionOptions) {
    this.socket = new LiveSocket({
      open: () => new WebSocket(options.url) as unknown as Socket,
      onMessage: (message) => {
        if (message.type === "stream") this.begin(message);
        else if (message.type === "time") this.timed(message.media, Date.parse(message.at));
        else this.status = { state: message.state, since: moment(message.since), lastFrame: moment(message.last_frame), detail: message.detail };
        if (message.type === "state") options.onChange();
      },
      onData: (data) => this.take(data),
      onLink: (up) => {
        this.linked = up;
        if (!up) this.status = undefined; // what was is not what is
        options.onChange();
      },
      setTimeout: (f, ms) => window.setTimeout(f, ms),
      clearTimeout: (timer) => window.clearTimeout(timer),
      random: Math.random,
    });
    options.video.addEventListener("loadeddata", this.shown);
    this.socket.start();
  }

  close(): void {
    this.socket.stop();
    this.player?.close();
    this.options.video.removeEventListener("loadeddata", this.shown);
  }

  /** When the picture on the screen came from the camera, in ms. */
  get pictureAt(): number | undefined {
    if (this.showing === "video") return this.times.at(this.options.video.currentTime);
    return this.showing === "pictures" ? this.newestAt : undefined;
  }

  /** For how long nothing new was shown, in ms; to be asked now and then. */
  idle(): number {
    const now = performance.now();
    if (this.showing === "video") this.count(this.options.video.getVideoPlaybackQuality().totalVideoFrames);
    return now - this.movedAt;
  }

  private count(frames: number): void {
    if (frames !== this.frames) this.movedAt = performance.now();
    this.frames = frames;
  }

  private begin(stream: StreamMessage): void {
    this.next = undefined;
    if (stream.codec === "JPEG") {
      this.options.onBegin();
      this.player?.close();
      this.player = undefined;
      this.pictures ??= new Pictures(this.options.canvas, () => this.drawn());
      return;
    }
    this.pictures = undefined;
    if (!stream.mime || !canPlay(stream.mime)) {
      this.socket.stop();
      this.options.onRefused(stream.codec);
      return;
    }
    this.options.onBegin();
    this.next = stream;
  }

  private timed(media: number, at: number): void {
    this.newestAt = at;
    this.times.set(media, at);
  }

  private take(data: ArrayBuffer): void {
    if (this.pictures) {
      this.pictures.show(data);
      return;
    }
    const { next } = this;
    if (!next?.mime) {
      this.player?.add(data);
      return;
    }
    this.next = undefined;
    this.player ??= new Player(this.options.video, (reason) => this.fail(reason));
    this.player.start(next.mime, data);
  }

  /** The browser gave the stream up: it begins anew, in a while. */
  private fail(reason: unknown): void {
    console.info("camera:", reason);
    this.player = undefined;
    this.socket.again();
  }

  private readonly shown = (): void => {
    if (!this.player) return;
    this.showing = "video";
    this.movedAt = performance.now();
    this.socket.well();
    this.options.onChange();
  };

  private drawn(): void {
    this.movedAt = performance.now();
    if (this.showing === "pictures") return;
    this.showing = "pictures";
    this.socket.well();
    this.options.onChange();
  }
}
