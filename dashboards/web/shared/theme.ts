// Dark or light, and the colours of theme.css for what is drawn by script.

import { signal } from "@preact/signals";
import { remember, remembered } from "./memory";
import type { Level } from "./wire";

export type Theme = "dark" | "light";

/** The page's theme. Whoever draws by script follows it. */
export const theme = signal<Theme>("dark");

/**
 * Takes the theme from the address (?theme=), else from what this browser
 * remembers, else what is usual for the page; "system" asks the machine.
 */
export function startTheme(usual: Theme | "system"): void {
  const asked = new URLSearchParams(location.search).get("theme");
  if (isTheme(asked)) remember("theme", asked);
  const light = matchMedia("(prefers-color-scheme: light)");
  const kept = isTheme(asked) ? asked : remembered("theme");
  const follow = (): Theme => (light.matches ? "light" : "dark");
  const fixed = isTheme(kept) ? kept : usual === "system" ? undefined : usual;
  apply(fixed ?? follow());
  if (!fixed) light.addEventListener("change", () => apply(follow()));
}

/** The document first: whoever follows the signal reads its colours from there. */
function apply(next: Theme): void {
  document.documentElement.dataset["theme"] = next;
  theme.value = next;
}

export function setTheme(next: Theme): void {
  apply(next);
  remember("theme", next);
  const url = new URL(location.href);
  url.searchParams.set("theme", next);
  history.replaceState(null, "", url);
}

function isTheme(text: string | null): text is Theme {
  return text === "dark" || text === "light";
}

/** A token of theme.css as it is now: token("muted"). */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The colours of a level as they are now. */
export function levelColors(level: Level): { fill: string; ink: string; line: string; seen: string } {
  return {
    fill: token(`level-${level}`),
    ink: token(`level-${level}-ink`),
    line: token(`level-${level}-line`),
    seen: token(`level-${level}-seen`),
  };
}
