// What the wall shows and how large, by its address or by configuration.

import { computed, signal } from "@preact/signals";
import { get } from "../shared/api";
import { readable, room } from "../shared/legible";
import type { WallOptions } from "../shared/wire";

export const parts = ["map", "alerts", "incident", "cameras", "sectors", "rivers", "indicators", "status"] as const;
export type Part = (typeof parts)[number];

const layouts: Record<string, readonly Part[]> = {
  // What the centre does not run itself is shown where a layout asks for it.
  usual: parts.filter((p) => p !== "indicators"),
  map: ["map", "status"],
  alerts: ["alerts", "incident", "status"],
  cameras: ["cameras", "status"],
  sectors: ["sectors", "rivers", "status"],
  indicators: ["indicators", "status"],
  incident: ["map", "incident", "alerts", "status"],
};

const address = new URLSearchParams(location.search);
const configured = signal<WallOptions>({});

/** The parts that are shown: of a named layout, or named themselves (?layout=map,alerts). */
export const shownParts = computed<ReadonlySet<Part>>(() => {
  const { layout, layouts: own } = configured.value;
  const name = address.get("layout") ?? layout ?? "usual";
  const listed = own?.[name] ?? layouts[name] ?? name.split(",");
  const known = listed.filter((p): p is Part => (parts as readonly string[]).includes(p));
  return new Set(known.length > 0 ? known : layouts["usual"]);
});

const width = signal(window.innerWidth);
const height = signal(window.innerHeight);

function positive(name: "distance" | "panel"): number | undefined {
  const asked = Number(address.get(name)?.replace(",", "."));
  const value = asked > 0 ? asked : configured.value[name];
  return value && value > 0 ? value : undefined;
}

/** The smallest letters of the wall, in rem: everything is at least that large. */
export const smallest = 1.1;

/**
 * The size of 1rem in pixels. Where people's distance and the panel's width are
 * known, the smallest letters are seen under 20 minutes of arc from there; else
 * all grows with the screen: 3840 × 2160 shows what 1920 × 1080 does, twice as
 * large.
 */
export const rem = computed(() => {
  const [distance, panel] = [positive("distance"), positive("panel")];
  if (distance && panel) return readable(distance, panel, width.value) / smallest;
  if (width.value <= 900) return 13;
  return Math.min(64, Math.max(12, Math.min(width.value / 120, height.value / 67.5)));
});

/** A phone scrolls: there everything has room. */
export const roomy = computed(() => (width.value <= 900 ? "ample" : room(Math.min(width.value / rem.value, (height.value / rem.value) * 1.78))));

export function followLayout(): void {
  window.addEventListener("resize", () => {
    width.value = window.innerWidth;
    height.value = window.innerHeight;
  });
  rem.subscribe((px) => {
    document.documentElement.style.fontSize = `${px}px`;
  });
  roomy.subscribe((r) => (document.documentElement.dataset["room"] = r));
  void (async () => {
    for (;;) {
      try {
        configured.value = await get<WallOptions>("wall");
        return;
      } catch {
        await new Promise((done) => setTimeout(done, 3_000));
      }
    }
  })();
}
