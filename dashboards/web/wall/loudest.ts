// Which level is to be heard.

import { calls } from "../shared/world";
import type { Alert, Level, Storm } from "../shared/wire";

/** In a storm a new highest level is sounded for so long, in ms; then it is quiet, whatever else comes. */
export const stormSounds = 15_000;

/** The level to sound at a server time, in ms; 0 is silence. */
export function alarmOf(list: readonly Alert[], folded: Storm | undefined, at: number): Level | 0 {
  if (folded?.on) {
    const waiting = folded.rows.filter((r) => r.new > 0);
    const top = waiting.reduce<Level | 0>((most, r) => (r.level > most ? r.level : most), 0);
    // The top was reached when the first row of it was; that more rows reach it is no news.
    const reached = Math.min(...waiting.filter((r) => r.level === top).map((r) => Date.parse(r.sounded ?? folded.since ?? r.at)));
    return at - reached < stormSounds ? top : 0;
  }
  return list.reduce<Level | 0>((most, a) => (calls(a) && a.properties.level > most ? a.properties.level : most), 0);
}
