// SPDX-License-Identifier: Apache-2.0
// drift.mjs OCKHAM CHROMIUM SCRATCH: pages of drift, each looked at in a browser. spring.csv and summer.csv are in SCRATCH.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { open, show } from "./browser.mjs";

const [ockham, chromium, scratch] = process.argv.slice(2);
let failed = 0;
function check(holds, ...what) {
  if (holds) return;
  failed++;
  console.log(...what);
}
const same = (found, expected, what) => check(found === expected, `${what}: found ${found}, expected ${expected}`);

const file = (name) => join(scratch, name);
function report(name, code, ...words) {
  const done = spawnSync(ockham, ["drift", ...words, "--report", file(`${name}.html`), "--quiet"], { encoding: "utf8", cwd: scratch });
  same(done.status, code, `${name}: the exit code (${done.stderr})`);
  return file(`${name}.html`);
}

const marks = (page, id) => page.$$eval(`#${id} svg [class*=mark-] path, #${id} svg [class*=mark-] line`, (all) => all.length);
const visible = (page) => page.$$eval(".chart", (all) => all.filter((c) => c.offsetParent).map((c) => c.id));

async function checkDrawn(page, name, expected) {
  same((await visible(page)).join(), expected.join(), `${name}: the charts`);
  for (const id of expected) {
    check(await marks(page, id) > 3, `${name}: ${id} has ${await marks(page, id)} marks`);
    const chart = page.locator(`#${id}`);
    same(await chart.getAttribute("role"), "img", `${name}: the role of ${id}`);
    check((await chart.getAttribute("aria-label")).length > 20, `${name}: ${id} is told to nobody who does not see it`);
  }
}
const ALL = ["course-chart", "population-chart", "shift-chart", "psi-chart", "bins-chart"];

async function checkFound(browser, path) {
  for (const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [360, "light"]]) {
    const name = `${width} ${colorScheme}`, { page, complaints } = await show(browser, path, { width, colorScheme });
    same(await page.textContent("#headline"), "Drift found", name);
    await checkDrawn(page, name, ALL);
    same(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true, `${name}: it fits`);
    same(complaints.join("\n"), "", name);
    await page.close();
  }
}

async function checkChoosing(browser, path) {
  const { page, complaints } = await show(browser, path);
  const told = () => page.textContent("#readout");
  check((await told()).startsWith("basket · mean 89.48 → "), `the first column: ${await told()}`);
  await page.selectOption("#column", { label: "town •" });
  await page.waitForFunction(() => document.getElementById("bins-chart").getAttribute("aria-label").startsWith("town"));
  check((await told()).startsWith("town · new: 0.0 % → 5.6 %"), `another column: ${await told()}`);
  await page.focus("#column"); // by keys alone
  await page.keyboard.press("Home");
  await page.waitForFunction(() => !document.getElementById("bins-chart").getAttribute("aria-label").startsWith("town"));
  const row = page.locator("#shift-chart .mark-bar path, #shift-chart .mark-rect path").nth(3);
  await row.click({ force: true });
  await page.waitForFunction(() => document.getElementById("readout").textContent.startsWith("days"));
  await page.click("#every-signal summary");
  same(await page.locator("#signal-table tbody tr").count(), await page.locator("#column option").count(), "signals in the table");
  same(complaints.join("\n"), "", "choosing");
  await page.close();
}

// Names that would do something if they were not text.
async function checkHostile(browser) {
  const name = `</script><script>alert(1)</script><img src=x onerror=alert(2)>`;
  for (const which of ["spring", "summer"])
    writeFileSync(file(`${which}-hostile.csv`), readFileSync(file(`${which}.csv`), "utf8").replace("town", `"${name}"`).replaceAll("Bergen", `<b>${which}</b>`));
  const { page, complaints } = await show(browser, report("hostile", 3, "spring-hostile.csv", "summer-hostile.csv"));
  await checkDrawn(page, "hostile", ALL);
  check((await page.textContent("#column")).includes(name.slice(0, 50)), "a hostile name is not shown as it is");
  check((await page.textContent("#example-table")).includes("<b>summer</b>"), "a hostile text is not shown as it is");
  same(complaints.join("\n"), "", "hostile");
  await page.close();
}

async function checkOthers(browser) {
  for (const [name, code, headline, charts, ...words] of [
    ["none", 0, "No drift", ALL, "spring.csv", "spring.csv"],
    ["unordered", 3, "Drift found", ALL.slice(1), "spring.csv", "summer.csv", "--unordered"],
    ["stream", 3, "Drift, and it lasts", ALL, "spring.csv", "summer.csv", "--stream", "--false-alarms", "1/10000"],
  ]) {
    const { page, complaints } = await show(browser, report(name, code, ...words));
    same(await page.textContent("#headline"), headline, name);
    await checkDrawn(page, name, charts);
    same(complaints.join("\n"), "", name);
    await page.close();
  }
}

const browser = await open(chromium, scratch);
const usual = report("usual", 3, "spring.csv", "summer.csv");
for (const part of [checkFound, checkChoosing, checkHostile, checkOthers]) await part(browser, usual);
await browser.close();
process.exit(failed ? 1 : 0);
