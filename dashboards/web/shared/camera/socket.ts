// The websocket to one camera's live stream: connects, notices silence, comes
// back.

import { parse, type Message } from "./protocol";

/** What of WebSocket is used. */
export interface Socket {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  close(): void;
}

export interface LiveSocketOptions {
  open: () => Socket;
  onMessage: (message: Message) => void;
  onData: (data: ArrayBuffer) => void;
  /** Whether the server is there. */
  onLink: (up: boolean) => void;
  setTimeout: (f: () => void, ms: number) => number;
  clearTimeout: (timer: number) => void;
  random: () => number;
}

/**
 * After so long without anything from the server, in ms, it is gone: where it
 * has nothing to show it says every two or three seconds that it is there.
 */
export const silence = 8_000;
export const firstRetry = 500;
export const lastRetry = 15_000;

export class LiveSocket {
  private socket: Socket | undefined;
  private timer: number | undefined;
  private retry = firstRetry;
  private stopped = true;

  constructor(private readonly options: LiveSocketOptions) {}

  start(): void {
    this.stopped = false;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
  }

  /** Pictures come: the next fault is a new one. */
  well(): void {
    this.retry = firstRetry;
  }

  /** Gives this connection up, and tries again later. */
  again(): void {
    if (!this.stopped) this.lose();
  }

  private connect(): void {
    this.drop();
    const socket = this.options.open();
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.options.onLink(true);
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = () => this.lose();
    this.watch();
  }

  private receive(data: unknown): void {
    this.watch(); // whatever it is, somebody sent it
    if (data instanceof ArrayBuffer) {
      this.options.onData(data);
      return;
    }
    const message = parse(String(data));
    if (message) this.options.onMessage(message);
  }

  private watch(): void {
    this.clear();
    this.timer = this.options.setTimeout(() => this.lose(), silence);
  }

  private lose(): void {
    this.drop();
    this.options.onLink(false);
    if (this.stopped) return;
    const wait = this.retry * (0.5 + this.options.random());
    this.retry = Math.min(this.retry * 2, lastRetry);
    this.timer = this.options.setTimeout(() => this.connect(), wait);
  }

  private drop(): void {
    this.clear();
    const { socket } = this;
    this.socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private clear(): void {
    if (this.timer !== undefined) this.options.clearTimeout(this.timer);
    this.timer = undefined;
  }
}
