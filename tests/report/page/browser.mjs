// SPDX-License-Identifier: Apache-2.0
// A browser that opens pages and remembers what went wrong in them.
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

export async function open(executablePath, scratch) {
  const profile = mkdtempSync(join(scratch, "profile-"));
  return chromium.launchPersistentContext(profile, { executablePath, headless: true, args: flags, viewport: { width: 1280, height: 900 } });
}

// The page of a file, or of a server's URL, once its charts are drawn, and a list of complaints that grows. Nothing may be
// asked for but the file, or what the server has.
export async function show(browser, file, { width = 1280, colorScheme = "light", ready = "body[data-drawn]", expected = /^$/ } = {}) {
  const page = await browser.newPage(), complaints = [], served = file.startsWith("http:"), url = served ? file : pathToFileURL(file).href;
  const isOwn = (asked) => asked === url || (served && new URL(asked).origin === new URL(url).origin) || /^(data|blob):/.test(asked);
  page.on("console", (message) => { if (!expected.test(message.text())) complaints.push(`console: ${message.text()}`); });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => { if (!isOwn(request.url())) complaints.push(`request: ${request.url()}`); });
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme });
  await page.goto(url);
  await page.waitForSelector(ready, { timeout: 30000 });
  return { page, complaints };
}
