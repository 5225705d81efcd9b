// The websocket to the stream: connects, notices silence, comes back.

import type { Frame } from "./wire";

/** What of WebSocket is used. */
export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  close(): void;
}

export type Phase =
  /** Never connected yet. */
  | "connecting"
  /** Frames come. */
  | "live"
  /** Frames came once, and come no more. */
  | "lost";

export interface ConnectionOptions {
  open: (query: string) => Socket;
  /** Where to go on: the last epoch and seq that are known. */
  position: () => { epoch: string; seq: number };
  onFrame: (frame: Frame) => void;
  onPhase: (phase: Phase) => void;
  setTimeout: (f: () => void, ms: number) => number;
  clearTimeout: (timer: number) => void;
  random: () => number;
}

/** A heartbeat comes every 3 s: after this long without any frame, in ms, the socket is dead. */
export const silence = 8_000;
const firstRetry = 300;
const lastRetry = 5_000;
/** The server closes with this when we were too slow: nothing is wrong with it. */
const closeBehind = 4008;

export class Connection {
  private socket: Socket | undefined;
  private timer: number | undefined;
  private retry = firstRetry;
  private phase: Phase = "connecting";
  private stopped = false;

  constructor(private readonly options: ConnectionOptions) {}

  start(): void {
    this.stopped = false;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
  }

  /** Connects now instead of when the next try is due. */
  hurry(): void {
    if (this.stopped || this.socket) return;
    this.retry = firstRetry;
    this.connect();
  }

  private connect(): void {
    this.drop();
    const { epoch, seq } = this.options.position();
    const query = epoch ? `?epoch=${encodeURIComponent(epoch)}&since=${seq}` : "";
    const socket = this.options.open(query);
    this.socket = socket;
    socket.onmessage = (event) => this.receive(socket, event.data);
    socket.onclose = (event) => {
      if (socket === this.socket) this.lose(event.code);
    };
    this.watch();
  }

  private receive(socket: Socket, data: unknown): void {
    if (socket !== this.socket) return;
    let frame: Frame;
    try {
      frame = JSON.parse(String(data)) as Frame;
    } catch {
      return; // not of this server; the silence will tell
    }
    this.watch();
    this.options.onFrame(frame);
    this.retry = firstRetry;
    this.enter("live");
  }

  /** Gives the socket up when no frame comes for too long. */
  private watch(): void {
    this.clear();
    this.timer = this.options.setTimeout(() => this.lose(0), silence);
  }

  private lose(code: number): void {
    this.drop();
    if (this.stopped) return;
    if (this.phase === "live") this.enter("lost");
    const wait = code === closeBehind ? 0 : this.retry * (0.5 + this.options.random());
    this.retry = Math.min(this.retry * 2, lastRetry);
    this.timer = this.options.setTimeout(() => this.connect(), wait);
  }

  private drop(): void {
    this.clear();
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private clear(): void {
    if (this.timer !== undefined) this.options.clearTimeout(this.timer);
    this.timer = undefined;
  }

  private enter(phase: Phase): void {
    if (this.phase === phase) return;
    this.phase = phase;
    this.options.onPhase(phase);
  }
}
