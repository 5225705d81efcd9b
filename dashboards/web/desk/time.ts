// Times in the fields of forms, on the clock of the province whatever that of the machine is.

import type { Times } from "../shared/format";

/** 2026-11-22T03:10, as <input type="datetime-local"> wants it. */
export function inputTime(times: Times, ms: number): string {
  const parts = times.parts(ms);
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

/** The moment that such a text names on the province's clock; undefined where it names none. */
export function readTime(times: Times, text: string): number | undefined {
  const wanted = Date.parse(`${text.slice(0, 16)}Z`);
  if (!/^\d{4,6}-\d\d-\d\dT\d\d:\d\d/.test(text) || Number.isNaN(wanted)) return undefined;
  // What the clock shows at a guess tells how far the guess is off; twice, for the day on which a clock is changed.
  let guess = wanted;
  for (let i = 0; i < 2; i++) guess += wanted - Date.parse(`${inputTime(times, guess)}Z`);
  return guess;
}
