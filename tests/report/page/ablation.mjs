// SPDX-License-Identifier: Apache-2.0
// ablation.mjs OCKHAM CHROMIUM SCRATCH: pages of studies, each looked at in a browser. study.yaml and train.sh are in
// SCRATCH.
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
function ablate(...words) {
  const done = spawnSync(ockham, ["ablate", ...words, "--quiet"], { encoding: "utf8", cwd: scratch });
  same(done.status, 0, `${words.join(" ")} (${done.stderr})`);
  return done.stdout;
}
// A study that differs from study.yaml, run and told of.
function report(name, change = (text) => text, ...words) {
  writeFileSync(file(`${name}.yaml`), change(readFileSync(file("study.yaml"), "utf8")).replace("name: paged", `name: ${name}`));
  ablate("run", `${name}.yaml`);
  ablate("report", `${name}.yaml`, "--report", `${name}.html`, ...words);
  return file(`${name}.html`);
}

const marks = (page, id) => page.$$eval(`#${id} svg [class*=mark-] path, #${id} svg [class*=mark-] line`, (all) => all.length);
const visible = (page) => page.$$eval(".chart[id]", (all) => all.filter((c) => c.offsetParent).map((c) => c.id));
const count = (page, selector) => page.locator(selector).count();
const ALL = ["worth-chart", "gain-chart", "runs-chart", "joint-chart", "parts-chart", "pairs-chart", "diverged-chart", "rate-chart"];

async function checkDrawn(page, name, expected) {
  same((await visible(page)).join(), expected.join(), `${name}: the charts`);
  for (const id of expected) {
    check(await marks(page, id) > 3, `${name}: ${id} has ${await marks(page, id)} marks`);
    const chart = page.locator(`#${id}`);
    same(await chart.getAttribute("role"), "img", `${name}: the role of ${id}`);
    check((await chart.getAttribute("aria-label")).length > 20, `${name}: ${id} is told to nobody who does not see it`);
  }
}

async function checkFound(browser, path) {
  for (const [width, colorScheme] of [[1280, "light"], [1280, "dark"], [360, "light"]]) {
    const name = `${width} ${colorScheme}`, { page, complaints } = await show(browser, path, { width, colorScheme });
    same((await page.textContent("#headline")).trim(), "1 change helps, 1 hurts, 1 is negligible", name);
    await checkDrawn(page, name, ALL);
    same(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true, `${name}: it fits`);
    same(complaints.join("\n"), "", name);
    await page.close();
  }
}

// What the trainer does is what is said: exp(.08 / .15) is 1.70, of which 41 % of the compute is saved.
async function checkWords(browser, path) {
  const { page, complaints } = await show(browser, path), text = (id) => page.textContent(`#${id}`);
  const answers = await page.locator("#answers > li").allTextContents();
  check(/^helps position learned → rope1\.[67]\d× at S3→ staysSaves 4\d % of the compute at S3/.test(answers[0]), `the first answer: ${answers[0]}`);
  check(/^hurts heads mha → mqa.*↘ vanishesNeeds \d\.\d\d× the compute at S1 and 1\.\d\d× at S3: the harm vanishes/.test(answers[1]), `the second answer: ${answers[1]}`);
  check(/^negligible init fan-in → flat/.test(answers[2]), `the third answer: ${answers[2]}`);
  same((await page.locator("#claims .verdict").allTextContents()).join(), "yes,yes,open", "claims");
  check(/predicted 1\.1.*Then 1\.1\d+ was measured: inside/.test(await text("held-words")), `held out: ${await text("held-words")}`);
  check(/1 of \d+ runs have not left the plateau/.test(await text("warnings")), `warnings: ${await text("warnings")}`);
  check((await text("question")).includes(`<b>"it" & 'that'</b>`), `the question: ${await text("question")}`);
  check((await text("command")) === "ockham ablate report paged.yaml --report paged.html --quiet", `the command: ${await text("command")}`);
  same(complaints.join("\n"), "", "words");
  await page.close();
}

// Nothing is only in a picture, and no run is left out.
async function checkTables(browser, path) {
  const { page, complaints } = await show(browser, path), data = JSON.parse(await page.textContent("#report")).ablation;
  same(await count(page, "#run-table tbody tr"), data.runs.length, "runs in the table");
  same(await count(page, "#gain-table tbody tr:not(.measured)"), 3, "changes in the table of gains");
  same(await count(page, "#loss-table tbody tr"), 3, "changes in the table of losses");
  same(await count(page, "#account-table tbody tr"), 3, "changes in the table of accounts");
  same(await page.locator("#account-table thead th").allTextContents().then((all) => all.join()), "change,iso-flop,iso-parameter,iso-time,parameters,FLOPs a token", "accounts");
  same(await page.locator("#account-table tbody td:nth-last-child(-n+2)").allTextContents().then((all) => all.join()), Array(6).fill("1.00×").join(), "costs");
  same(await count(page, "#stability-table tbody tr"), 6, "levels in the table");
  same(await count(page, "#pair-table tbody tr"), data.interactions.length, "pairs in the table");
  same(await count(page, "#scale-table tbody tr"), 4, "scales in the table");
  const diverged = data.runs.filter((r) => r.outcome === "diverged").length, transition = data.runs.filter((r) => r.transition).length;
  check(diverged >= 4 && transition === 1, `${diverged} diverged, ${transition} in transition`);
  check((await page.getAttribute("#runs-chart", "aria-label")).includes(`${diverged} diverged and ${transition} in transition`), "the chart of runs says otherwise");
  const drawn = await page.$$eval("#runs-chart svg .mark-symbol path", (all) => all.length);
  check(drawn >= data.runs.length, `${drawn} of ${data.runs.length} runs are drawn`);
  same(complaints.join("\n"), "", "tables");
  await page.close();
}

async function checkChoosing(browser, path) {
  const { page, complaints } = await show(browser, path), label = () => page.getAttribute("#gain-chart", "aria-label");
  check((await label()).startsWith("position learned → rope: "), `the first change: ${await label()}`);
  await page.selectOption("#change", { label: "heads mha → mqa" });
  await page.waitForFunction(() => document.getElementById("gain-chart").getAttribute("aria-label").startsWith("heads"));
  check((await page.textContent("#readout")).startsWith("Hurts. Needs "), `another change: ${await page.textContent("#readout")}`);
  await page.click("#multiples figure:first-child figcaption button");
  await page.waitForFunction(() => document.getElementById("gain-chart").getAttribute("aria-label").startsWith("position"));
  await page.focus("#change"); // by keys alone
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.getElementById("gain-chart").getAttribute("aria-label").startsWith("init"));
  same(await count(page, "#multiples figure .chart svg"), 3, "small charts");
  same(complaints.join("\n"), "", "choosing");
  await page.close();
}

async function checkOthers(browser) {
  const one = (text) => text.replace(/^ {2}S[234].*\n/gm, "").replace(/^ {2}- heads.*\n/m, "").replace(/^rates.*\n/m, "").replace("{rate}", "1");
  for (const [name, change, charts, hidden, ...words] of [
    ["one-scale", one, ["worth-chart", "runs-chart"], ["scale-section"]],
    ["plain", (text) => text.replace(/, held-out: yes/, "").replace(/^rates.*\n/m, "").replace("{rate}", "1").replace(/^claims:\n( {2}-.*\n)+/m, ""),
      ALL.slice(0, 6), ["claims-section", "held-words"]],
    ["by-time", (text) => text, ALL, [], "--account", "iso-time", "--level", "0.8"],
  ]) {
    const { page, complaints } = await show(browser, report(name, change, ...words));
    const drawn = await visible(page);
    for (const id of charts) check(drawn.includes(id), `${name}: ${id} is not there`);
    for (const id of hidden) check(!(await page.isVisible(`#${id}`)), `${name}: ${id} is there`);
    if (name === "by-time") check(/of the core time/.test(await page.textContent("#answers")), "another account");
    if (name === "one-scale") same(await page.textContent("#worth"), "What does it do to the loss?", name);
    same(complaints.join("\n"), "", name);
    await page.close();
  }
}

const browser = await open(chromium, scratch);
const usual = report("paged");
for (const part of [checkFound, checkWords, checkTables, checkChoosing, checkOthers]) await part(browser, usual);
await browser.close();
process.exit(failed ? 1 : 0);
