// What a tile says of its picture: whether it is live, and if not, why not and
// of when it is.

import type { Word } from "../words";
import type { CameraState } from "./protocol";

/** How a tile looks. Only "live" is ever shown bright and without a reason. */
export type Look =
  /** The picture moves and is current. */
  | "live"
  /** A single picture, shown as such. */
  | "still"
  /** There is no picture yet. */
  | "waiting"
  /** The camera sends one picture over and over. */
  | "frozen"
  /** What is shown, if anything, is not what is. */
  | "stale";

export interface Facts {
  /** The server's time in ms; undefined before it is known. */
  now: number | undefined;
  /** undefined before the server has told. */
  state: CameraState | undefined;
  /** Since when it has been in that state, and when its last frame came, in ms. */
  since?: number | undefined;
  lastFrame?: number | undefined;
  /** Whether the live stream's server is there; true where none is asked. */
  linked: boolean;
  /** What is on the screen. */
  showing: "nothing" | "video" | "pictures" | "still";
  /** When the picture on the screen came from the camera, in ms. */
  pictureAt: number | undefined;
  /** For how long no new frame has been shown, in ms. */
  idle: number;
  /** The codec that this browser does not play. */
  refused: string | undefined;
}

export interface Verdict {
  look: Look;
  reason?: Word;
  /** The time to be shown, in ms, and what of. */
  at?: number;
  of?: "picture" | "lastFrame" | "frozenSince";
}

/** A moving picture older than this, in ms, is not live; and one that has not changed for so long. */
export const liveWithin = 3_000;
/** A single picture older than this, in ms, says nothing of now: cameras pulled on demand are looked at every five minutes. */
export const stillWithin = 11 * 60_000;

const off: Partial<Record<CameraState, Word>> = {
  no_video: "cameraNoVideo",
  bad_credentials: "cameraBadCredentials",
  unreachable: "cameraUnreachable",
  unsupported_codec: "cameraUnsupported",
};

/** Judges the facts; the worst that is known comes first. */
export function judge(f: Facts): Verdict {
  // What a server that is gone said of the camera is of then.
  if (!f.linked) return { look: f.showing === "nothing" ? "waiting" : "stale", reason: "cameraLinkLost", ...time(f) };
  const gone = f.state && off[f.state];
  if (gone) return { look: "stale", reason: gone, ...time(f) };
  if (f.state === "frozen") {
    return { look: "frozen", reason: "cameraFrozen", ...(f.since === undefined ? {} : { at: f.since, of: "frozenSince" }) };
  }
  if (f.refused) return refused(f, f.refused);
  if (f.showing === "nothing") return { look: "waiting", reason: "cameraConnecting", ...time(f) };
  const age = f.now === undefined || f.pictureAt === undefined ? undefined : f.now - f.pictureAt;
  if (f.showing === "still") {
    const old = age === undefined || age > stillWithin;
    return { look: old ? "stale" : "still", ...(old ? { reason: "cameraNoFrames" as const } : {}), ...time(f) };
  }
  const late = (age !== undefined && age > liveWithin) || f.idle > liveWithin;
  return late ? { look: "stale", reason: "cameraNoFrames", ...time(f) } : { look: "live", ...time(f) };
}

function refused(f: Facts, codec: string): Verdict {
  const reason: Word = codec === "H265" ? "cameraH265" : "cameraCodec";
  const current = f.showing === "still" && f.now !== undefined && f.pictureAt !== undefined && f.now - f.pictureAt < stillWithin;
  return { look: current ? "still" : "stale", reason, ...time(f) };
}

function time(f: Facts): Pick<Verdict, "at" | "of"> {
  if (f.showing !== "nothing" && f.pictureAt !== undefined) return { at: f.pictureAt, of: "picture" };
  return f.lastFrame === undefined ? {} : { at: f.lastFrame, of: "lastFrame" };
}
