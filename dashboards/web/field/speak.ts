// The words of this page in the language that it has now.

import { length, number, quantity } from "../shared/format";
import { lang } from "../shared/live";
import { say } from "./words";

export { lang };

export function s(key: Parameters<typeof say>[1], values?: Record<string, string | number>): string {
  return say(lang.value, key, values);
}

/** A measured number with its unit, as exact as it was measured. */
export function number_(value: number, unit: string | undefined): string {
  const decimals = Math.min(2, (String(value).split(".")[1] ?? "").length);
  return quantity(lang.value, value, decimals, unit);
}

/** How exactly a position is known: 14 m, 350 m, 2,3 km. */
export function radius(metres: number): string {
  return metres < 200 ? `${number(lang.value, Math.ceil(metres), 0)} m` : length(lang.value, metres);
}
