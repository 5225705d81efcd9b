// Draws the icons of the page from icon.svg: node draw.mjs CHROMIUM. Run it by
// hand after a change of icon.svg; the pictures are committed.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const svg = readFileSync(join(here, "icon.svg"), "utf8");
const browser = await chromium.launch({ executablePath: process.argv[2], args: ["--no-sandbox"] });

/** inset is the part of the picture that is left free at each side, round how far its corners are. */
async function draw(name, size, { background, inset, round, white }) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const mark = white ? svg.replaceAll("#ff9a2e", "#fff").replaceAll('"#11171c"', '"#000"') : svg;
  await page.setContent(`<style>html,body{margin:0;background:transparent}
    div{box-sizing:border-box;width:${size}px;height:${size}px;padding:${inset * size}px;background:${background};border-radius:${round * size}px}
    svg{display:block;width:100%;height:100%}</style><div>${mark}</div>`);
  await page.screenshot({ path: join(here, name), omitBackground: true });
  await page.close();
}

await draw("field-192.png", 192, { background: "#11171c", inset: 0.08, round: 0.2 });
await draw("field-512.png", 512, { background: "#11171c", inset: 0.08, round: 0.2 });
await draw("field-maskable-512.png", 512, { background: "#11171c", inset: 0.18, round: 0 });
await draw("field-180.png", 180, { background: "#11171c", inset: 0.1, round: 0 });
await draw("field-badge-96.png", 96, { background: "transparent", inset: 0, round: 0, white: true });
await browser.close();
