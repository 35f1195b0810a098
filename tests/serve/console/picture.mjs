// SPDX-License-Identifier: Apache-2.0
// picture.mjs OCKHAM CHROMIUM SCRATCH FOLDER [MINUTES]: what docs/images/console.png and console-dark.png show: a server that
// runs for ten minutes, with a fitted model and a program (moody.c) that towards the end begins to fail. SCRATCH holds
// segments.csv, segments.ock, fitted to its first two columns, and moody.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { infer, serve } from "./servers.mjs";

const [ockham, executablePath, scratch, folder, minutes = "10.2"] = process.argv.slice(2);
const words = ["segments.ock", "--model", `price=${join(scratch, "moody")} plain`, "--workers", "2", "--folder", "pictured"];
const server = await serve(ockham, words, { cwd: scratch, listen: "127.0.0.1:8080", admin: "127.0.0.1:8081" });
const begin = Date.now(), end = begin + Number(minutes) * 60000, share = () => (Date.now() - begin) / (end - begin);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const rows = readFileSync(join(scratch, "segments.csv"), "utf8").trim().split("\n").slice(1).map((row) => row.split(",").slice(0, 2).map(Number));
let state = 7;
const chance = () => (state = (state * 48271) % 2147483647) / 2147483647;

async function askSegments() {
  while (Date.now() < end) {
    infer(server, "segments", rows[Math.floor(chance() * rows.length)]);
    await pause(-Math.log(1 - chance()) * (12 + 5 * Math.sin(9 * share())));
  }
}

// Some take ten times as long; from nine tenths on a few fail, and a worker dies now and then.
async function askPrice() {
  for (let i = 0; Date.now() < end; i++) {
    const late = share() > 0.9, slow = 2 + 2 * chance() + (chance() < 0.03 ? 25 : 0) + (late ? 6 : 0);
    const mood = late && chance() < 0.08 ? 500 : chance() < 0.004 ? 400 : 777;
    infer(server, "price", [mood, slow], { "X-Request-Id": `order-${4000 + i}` });
    if (i % 8001 === 6000) infer(server, "price", [666, i], { "X-Request-Id": `order-${9000 + i}` });
    await pause(-Math.log(1 - chance()) * (45 - 15 * Math.sin(6 * share())));
  }
}

await Promise.all([askSegments(), askPrice()]);
const browser = await chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
for (const [name, colorScheme] of [["console", "light"], ["console-dark", "dark"]]) {
  const page = await browser.newPage({ viewport: { width: 1240, height: 1500 }, deviceScaleFactor: 1.5, colorScheme });
  await page.goto(server.admin);
  await page.waitForSelector("body[data-drawn]:not([data-drawn='0'])");
  await page.waitForSelector("#events-body tr", { state: "attached" });
  await pause(1500);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await page.close();
}
await browser.close();
await server.stop();
