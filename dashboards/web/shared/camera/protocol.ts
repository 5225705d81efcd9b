// What a camera's live websocket sends: JSON about the stream in text frames,
// the stream itself in binary ones.

/** How a camera is, as the server sees it. */
export type CameraState =
  | "online"
  | "connecting"
  | "idle"
  | "no_video"
  | "frozen"
  | "bad_credentials"
  | "unreachable"
  | "unsupported_codec";

export type Message =
  /** A stream begins, or begins anew: the next binary frame is its init segment, or a picture for JPEG. */
  | { type: "stream"; codec: string; mime?: string; width?: number; height?: number }
  /** The frame at this place of the stream, in seconds, came from the camera at that time. */
  | { type: "time"; media: number; at: string }
  | { type: "state"; state: CameraState; since?: string; detail?: string; last_frame?: string };

export type StreamMessage = Extract<Message, { type: "stream" }>;

/** Reads a text frame; undefined for what this page does not understand. */
export function parse(text: string): Message | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const m = value as Record<string, unknown>;
  switch (m["type"]) {
    case "stream":
      return typeof m["codec"] === "string" ? (value as StreamMessage) : undefined;
    case "time":
      return Number.isFinite(m["media"]) && Number.isFinite(Date.parse(String(m["at"]))) ? (value as Message) : undefined;
    case "state":
      return typeof m["state"] === "string" ? (value as Message) : undefined;
    default:
      return undefined;
  }
}

/** A time of the server in ms; undefined where it says none. */
export function moment(text: string | undefined): number | undefined {
  const ms = text ? Date.parse(text) : NaN;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/**
 * MediaTimes tells when what stands at a place of the stream came from the
 * camera. Cameras' clocks run fast or slow, so the newest pair counts.
 */
export class MediaTimes {
  private offset: number | undefined;

  set(media: number, at: number): void {
    this.offset = at - media * 1000;
  }

  clear(): void {
    this.offset = undefined;
  }

  /** The server's time in ms at a place in seconds. */
  at(media: number): number | undefined {
    return this.offset === undefined ? undefined : this.offset + media * 1000;
  }
}
