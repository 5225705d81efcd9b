import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// go test runs in dashboards/web.
const css = readFileSync("shared/theme.css", "utf8");

function tokens(selector: string): Map<string, string> {
  const begin = css.indexOf(selector + " {");
  assert.ok(begin >= 0, `theme.css has no ${selector}`);
  const block = css.slice(begin, css.indexOf("}", begin));
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{3,8});/g)].map((m) => [m[1]!, m[2]!]));
}

const dark = tokens(":root");
const light = new Map([...dark, ...tokens(':root[data-theme="light"]')]);

/** WCAG's relative luminance. */
function luminance(hex: string): number {
  const full = hex.length === 4 ? "#" + [...hex.slice(1)].map((c) => c + c).join("") : hex;
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(full.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** How far a colour is from grey, 0 to 1, as the eye takes it for loud. */
function chroma(hex: string): number {
  const c = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);
  return Math.max(...c) - Math.min(...c);
}

for (const [name, theme] of [["dark", dark], ["light", light]] as const) {
  const at = (token: string): string => {
    const value = theme.get(token);
    assert.ok(value, `${name} has no ${token}`);
    return value;
  };
  const holds = (ink: string, ground: string, least: number): void => {
    const is = contrast(at(ink), at(ground));
    assert.ok(is >= least, `${name}: ${ink} on ${ground} has a contrast of ${is.toFixed(2)}, less than ${least}`);
  };

  test(`${name}: everything that is read has a contrast of 4.5`, () => {
    for (const ground of ["ground", "panel", "raised", "well"]) {
      for (const ink of ["ink", "soft", "muted", "warn", "bad", "good"]) holds(ink, ground, 4.5);
      for (const level of [1, 2, 3, 4, 5]) {
        holds(`level-${level}-line`, ground, 4.5);
        holds(`level-${level}-seen`, ground, 4.5);
      }
    }
    holds("flip-ink", "flip", 4.5);
    for (const land of ["map-land-1", "map-land-2", "map-land-3", "sea"]) for (const ink of ["map-name", "map-label", "map-alert"]) holds(ink, land, 4.5);
    for (const level of [1, 2, 3, 4, 5]) holds(`level-${level}-ink`, `level-${level}`, 4.5);
    holds("chart-axis", "panel", 4.5);
  });

  test(`${name}: every mark has a contrast of 3`, () => {
    for (const ground of ["panel", "raised", "map-land-1", "map-land-2", "map-land-3"]) {
      for (const level of [1, 2, 3, 4, 5]) {
        // A fill that is too pale for its surface has a rim that is not.
        const best = Math.max(contrast(at(`level-${level}`), at(ground)), contrast(at("level-rim"), at(ground)));
        assert.ok(best >= 3, `${name}: the mark of level ${level} on ${ground}: ${best.toFixed(2)}`);
      }
      for (const mark of ["mark", "mark-dim", "mark-quiet", "mark-loud"]) holds(mark, ground, 3);
    }
    for (const ground of ["ground", "panel", "raised"]) for (const ink of ["edge", "focus"]) holds(ink, ground, 3);
  });

  test(`${name}: what has been seen is less loud than what has not`, () => {
    for (const level of [1, 2, 3, 4, 5]) {
      const [seen, unseen] = [chroma(at(`level-${level}-seen`)), chroma(at(`level-${level}`))];
      assert.ok(seen <= 0.55 * unseen, `${name}: level ${level} keeps ${(seen / unseen).toFixed(2)} of its colour`);
    }
  });
}

test("light redefines every colour of dark", () => {
  const own = tokens(':root[data-theme="light"]');
  for (const token of dark.keys()) assert.ok(own.has(token), `light has no ${token}`);
});
