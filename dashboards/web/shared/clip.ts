// What a recorded clip says of itself: when it begins, and when nothing was
// recorded within it. There the last picture stands, and must not be taken for
// what was to be seen.

import { moment } from "./camera/protocol";

/** A time without pictures, in ms. */
export interface Hole {
  from: number;
  to: number;
}

export interface ClipFacts {
  /** Of when the first picture is: clips begin with a key frame, and so a little before what was asked for. */
  begin: number;
  holes: readonly Hole[];
  /** Where it ends although more was asked for and is there. */
  short: number | undefined;
}

/** The clip's headers, as facts. */
export function factsOf(headers: { get(name: string): string | null }, asked: number): ClipFacts {
  const holes = (headers.get("X-Clip-Hole") ?? "")
    .split(",")
    .map((part) => part.trim().split("/").map((text) => Date.parse(text)))
    .flatMap(([from, to]) => (from !== undefined && to !== undefined && to > from ? [{ from, to }] : []));
  return {
    begin: moment(headers.get("X-Clip-From") ?? undefined) ?? asked,
    holes,
    short: headers.get("X-Clip-Short") ? moment(headers.get("X-Clip-To") ?? undefined) : undefined,
  };
}

/** The hole that holds a moment. */
export function holeAt(holes: readonly Hole[], at: number): Hole | undefined {
  return holes.find((h) => at >= h.from && at < h.to);
}
