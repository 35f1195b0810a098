// SPDX-License-Identifier: Apache-2.0
// report.mjs CHROMIUM BLOBS.html PENGUINS.html DRIFT.html STUDY.html: pictures of the README and of docs/ablate.md, from
// reports of its tour's tables, from `ockham drift examples/drift/spring.csv examples/drift/summer.csv --report DRIFT.html`
// and from `ockham ablate report STUDY.yaml --report STUDY.html`. Files that are not told are left out.
// Run it where playwright-core is installed (tests/report/page/package.json).
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, blobs, penguins, drift, study] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const browser = await chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu"] });

// The part of a page from one element to the end of another.
async function picture(file, name, colorScheme, from, to, before) {
  if (!file) return;
  const page = await browser.newPage({ viewport: { width: 1200, height: 4500 }, deviceScaleFactor: 1.5, colorScheme });
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("body[data-drawn]");
  await before?.(page);
  await page.waitForTimeout(300);
  const [top, bottom] = [await page.locator(from).boundingBox(), await page.locator(to).boundingBox()];
  const y = top.y - 28;
  await page.screenshot({ path: join(here, name), clip: { x: 36, y, width: 1128, height: bottom.y + bottom.height + 28 - y } });
}

await picture(blobs, "report.png", "light", "#source", "#readout");
await picture(penguins, "report-dark.png", "dark", "#which", "#sentences", (page) => page.locator("#sizes-chart .mark-rect path").nth(2).click());
await picture(drift, "drift-report.png", "light", "#source", "#population-chart");
await picture(study, "ablation-report.png", "light", "#source", "#answers-note");
await browser.close();
