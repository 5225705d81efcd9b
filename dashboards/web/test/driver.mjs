// Drives a browser for the Go tests: reads one command a line from its
// standard input, {"do": …, "page": …}, and answers each with a line, {"value": …}
// or {"error": …}. "page" is a name, and each page a device of its own:
// they share no cookie and no store. argv: the browser's path.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--enable-unsafe-swiftshader", // the pages here are our own, and machines for tests have no GPU
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The pages by name, each with what a person with its tools open would see go wrong. */
const screens = new Map();

/** A new page whose faults are noted. */
async function watched(context, faults) {
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`page: ${error.message}`));
  page.on("console", (message) => {
    // The driver of a machine without a graphics card has opinions.
    // Nor is it a fault that a browser bars sound, of which the page itself tells, or that axe meets a picture that begins just then.
    if (["error", "warning"].includes(message.type()) && !/GL Driver Message|AudioContext was not allowed to start|^axe\.utils\.preloadMedia /.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on("requestfailed", (request) => {
    // What the page itself gave up, such as the history of the device that was chosen before, is no fault.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") faults.push(`request: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`response: ${response.status()} ${response.url()}`);
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  return page;
}

async function open({ page: name = "", url, width, height }) {
  await screens.get(name)?.page.context().close();
  const context = await browser.newContext({ viewport: { width, height }, locale: "de-DE", timezoneId: "America/Lima" });
  const screen = { faults: [] };
  screen.page = await watched(context, screen.faults);
  screens.set(name, screen);
  await screen.page.goto(url);
}

const commands = {
  open,
  // Opens a second page beside the first, in the same browser, and turns to it.
  beside: async ({ url }, screen) => {
    [screen.other, screen.page] = [screen.page, await watched(screen.page.context(), screen.faults)];
    await screen.page.goto(url);
  },
  turn: (_, screen) => {
    [screen.page, screen.other] = [screen.other, screen.page];
    return null;
  },
  eval: ({ js }, { page }) => page.evaluate(js),
  // Playwright's own waiting compiles text in the page, which its policy forbids.
  wait: async ({ js, timeout }, { page }) => {
    // While the page is being loaded anew there is nothing to ask.
    const holds = () => page.evaluate(`!!(${js})`).catch((error) => (/navigation/.test(error.message) ? false : Promise.reject(error)));
    for (const end = Date.now() + timeout; !(await holds()); await new Promise((go) => setTimeout(go, 20))) {
      if (Date.now() > end) throw new Error("timed out");
    }
  },
  click: ({ selector }, { page }) => page.click(selector, { timeout: 60_000 }),
  fill: ({ selector, text }, { page }) => page.fill(selector, text, { timeout: 60_000 }),
  choose: ({ selector, text }, { page }) => page.selectOption(selector, text, { timeout: 60_000 }).then(() => null),
  press: ({ key }, { page }) => page.keyboard.press(key),
  screenshot: ({ path }, { page }) => page.screenshot({ path }).then(() => null),
  faults: (_, { faults }) => faults.splice(0),
  heap: async (_, { page }) => {
    const devtools = await page.context().newCDPSession(page);
    try {
      for (let i = 0; i < 3; i++) await devtools.send("HeapProfiler.collectGarbage");
      return Math.round((await devtools.send("Runtime.getHeapUsage")).usedSize);
    } finally {
      await devtools.detach();
    }
  },
  offline: ({ on }, { page }) => page.context().setOffline(on).then(() => null),
  reload: (_, { page }) => page.reload().then(() => null),
  // Permissions that a person would be asked for, and where they are.
  grant: ({ permissions, at }, { page }) =>
    page.context().grantPermissions(permissions).then(() => (at ? page.context().setGeolocation(at) : null)).then(() => null),
  upload: ({ selector, path }, { page }) => page.setInputFiles(selector, path).then(() => null),
  // Hands a push message to the page's service worker, as the browser does with one that it has decrypted.
  push: async ({ data }, { page }) => {
    const cdp = await page.context().newCDPSession(page);
    const registered = new Promise((resolve) => {
      cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
        if (registrations[0]) resolve(registrations[0].registrationId);
      });
    });
    await cdp.send("ServiceWorker.enable");
    await cdp.send("ServiceWorker.deliverPushMessage", { origin: new URL(page.url()).origin, registrationId: await registered, data });
    await cdp.detach();
  },
  // What keeps the page from being installed.
  installability: async (_, { page }) => {
    const cdp = await page.context().newCDPSession(page);
    const { errors } = await cdp.send("Page.getAppManifest");
    const { installabilityErrors } = await cdp.send("Page.getInstallabilityErrors");
    await cdp.detach();
    return [...errors.map((e) => e.message), ...installabilityErrors.map((e) => e.errorId)];
  },
  axe: async (_, { page }) => {
    // Not preloaded: it would wait for the metadata of live pictures that are not asked for.
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"], preload: false }));
    return violations.map((v) => `${v.id} (${v.impact}): ${v.nodes.map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).slice(0, 3).join("; ")}`);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[command.do](command, screens.get(command.page ?? ""))) ?? null };
  } catch (error) {
    answer = { error: `${command.do}: ${error.message.split("\n")[0]}` };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
