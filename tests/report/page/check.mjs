// SPDX-License-Identifier: Apache-2.0
// check.mjs OCKHAM CHROMIUM SCRATCH: make reports of several tables, and look at each in a browser.
import { execFileSync } from "node:child_process";
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

// ---- reports ----

const file = (name) => join(scratch, name);
const run = (...words) => execFileSync(ockham, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
function report(name, csv, ...words) {
  run("clusters", file(csv), "--report", file(`${name}.html`), "--quiet", ...words);
  return file(`${name}.html`);
}
const blobs = (name, k, columns, rows, apart) =>
  run("generate", "blobs", "-k", `${k}`, "--columns", `${columns}`, "--rows", `${rows}`, "--min-distance", `${apart}`, "--output", file(name));

// ---- what is there ----

const charts = (page) => page.$$eval(".chart", (all) => all.filter((c) => c.offsetParent).map((c) => ({
  id: c.id || "small", marks: c.querySelectorAll("svg .mark-group .background ~ g path, svg [class*=mark-] path, svg [class*=mark-] line").length, canvas: Boolean(c.querySelector("canvas")),
})));
// How many pixels of the map are not blank, its ink, and a place that has this colour all around.
const pixels = (page, [r, g, b]) => page.$eval("#map-chart canvas", (canvas, [r, g, b]) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data, width } = copy.getImageData(0, 0, canvas.width, canvas.height), ratio = canvas.width / canvas.clientWidth;
  let drawn = 0, alpha = 0, found = null;
  const is = (i) => data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255;
  for (let i = 0; i < data.length; i += 4) {
    drawn += data[i + 3] > 0;
    alpha += data[i + 3];
    if (!found && is(i) && is(i + 8) && is(i + 8 * width) && is(i + 8 + 8 * width)) found = { x: ((i / 4) % width + 1) / ratio, y: (Math.floor(i / 4 / width) + 1) / ratio };
  }
  return { drawn, alpha, found };
}, [r, g, b]);

async function checkDrawn(page, name) {
  for (const chart of await charts(page))
    if (!chart.canvas) check(chart.marks > 3, `${name}: ${chart.id} has ${chart.marks} marks`);
  if (await page.$("#map-chart canvas")) check((await pixels(page, [0, 0, 0])).drawn > 1000, `${name}: the map is blank`);
}

const pickedSentences = (page) => page.$$eval(".sentences li.picked", (all) => all.map((li) => li.querySelector("button").dataset.cluster).join());
const pressed = (page) => page.$$eval(".legend button[aria-pressed=true]", (all) => all.map((b) => b.dataset.cluster).join());
const faint = (page, chart) => page.$$eval(`${chart} .mark-rect path`, (all) => all.filter((p) => Number(p.getAttribute("opacity") ?? p.style.opacity) === 0.2).length);
// Until every chart has drawn what was asked of it; `views` is the page's own.
const settle = (page) => page.evaluate(async () => {
  await Promise.all([...views.k, ...views.clusters].map((view) => view.runAsync()));
  await new Promise(requestAnimationFrame);
});

// ---- what it does ----

async function checkPicking(page, k, columns) {
  const before = (await pixels(page, [0, 114, 178]));
  const bar = page.locator("#sizes-chart .mark-rect path").nth(2);
  for (const [how, cluster] of [[() => bar.click(), "2"], [() => page.click(".legend button[data-cluster='1']"), "1"],
    [() => page.locator("#sentences li").nth(3).click(), "3"], [() => page.click("#map-chart canvas", { position: before.found }), "0"],
    [() => page.locator("#heat-chart .mark-rect path").first().click(), "0"]]) {
    for (const now of [cluster, ""]) {
      await how();
      await settle(page);
      same(await pickedSentences(page), now, "the sentence that is highlighted");
      same(await pressed(page), now, "the button that is pressed");
      same(await faint(page, "#sizes-chart"), now ? k - 1 : 0, "faint bars");
      same(await faint(page, "#heat-chart"), now ? columns * (k - 1) : 0, "faint cells");
      const lost = 1 - (await pixels(page, [0, 114, 178])).alpha / before.alpha;
      check(now ? lost > 0.05 : Math.abs(lost) < 0.02, `the map has lost ${lost} of its ink with ${now || "none"} picked`);
    }
  }
  await page.focus(".legend button[data-cluster='4']");
  await page.keyboard.press("Enter");
  same(await pickedSentences(page), "4", "a cluster picked with a key");
  await page.keyboard.press("Escape");
  same(await pickedSentences(page), "", "a cluster let go with a key");
}

// How many charts mark a k: a column in the colour of what is looked at.
const marking = (page) => page.$$eval("#by-k .chart svg, #halves-chart svg", (all) => all.filter((svg) => {
  const marks = [...svg.querySelectorAll(".layer_0_marks path")];
  return marks.filter((path) => path.getAttribute("fill") === "var(--wash)").length === 1;
}).length);
const readout = (page) => page.textContent("#readout .k");

async function checkHovering(page, k) {
  same(await readout(page), `k = ${k}`, "the row at first");
  const overK = await page.$$eval("#by-k .chart, #halves-chart", (all) => all.length);
  await page.locator("#elbow-chart .mark-rect path").nth(2).hover();
  await settle(page);
  same(await readout(page), "k = 3", "the row of the k under the pointer");
  same(await marking(page), overK, "charts that show this k");
  same(await page.$$eval("#k-table tr.at", (all) => all.map((row) => row.cells[0].textContent).join()), "3", "the row of the table");
  await page.mouse.move(5, 5);
  await settle(page);
  same(await readout(page), `k = ${k}`, "the row when the pointer has gone");
  await page.focus("#by-k");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  same(await readout(page), `k = ${k + 2}`, "the row of the k two keys on");
  await page.keyboard.press("Escape");
}

async function checkSaving(page) {
  for (const [chart, ending, begin] of [["elbow", "svg", "<svg"], ["map", "png", "\x89PNG"]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator(`figure:has(#${chart}-chart) .save`).click({ force: true })]);
    const bytes = readFileSync(await download.path(), "latin1");
    same(download.suggestedFilename(), `ockham-${chart}-chart.${ending}`, "the name of the file");
    check(bytes.startsWith(begin) && !bytes.includes("var(--"), `the saved ${chart} begins with ${bytes.slice(0, 20)}`);
  }
}

// What is said to those who do not see it.
async function checkWords(page) {
  const said = await page.$$eval(".chart", (all) => all.filter((c) => c.offsetParent).map((c) => c.getAttribute("aria-label")));
  check(said.every(Boolean), "charts without words:", said);
  check(/^Inertia falls from \S+ at 1 to \S+ at \d+; the elbow is at \d+, BIC chose 5\.$/.test(said[0]), said[0]);
  check(said.includes("Davies-Bouldin: 5"), "a small chart says something else:", said);
  same(await page.$$eval(".chart :is(svg, canvas)", (all) => all.filter((e) => !e.closest("[aria-hidden=true]")).length), 0, "drawings that are read besides");
  const save = await page.$$eval(".save", (all) => all.map((b) => b.getAttribute("aria-label")));
  same(new Set(save).size, save.length, "different names of buttons");
  same(await page.$$eval("#centre-table tr", (all) => all.map((row) => row.cells.length).join()), "6,6,6,6,6,6,6", "cells of the table of centres");
  await page.focus("#by-k");
  await page.keyboard.press("Home");
  same(await page.textContent("#spoken"), "k = 1, nobody's choice", "what is read aloud");
  await page.keyboard.press("Escape");
}

async function checkModes(page) {
  const colours = () => page.evaluate(() => [getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.querySelector("#elbow-chart svg text")).fill].join());
  same(await colours(), "rgb(255, 255, 255),rgb(93, 102, 112)", "colours by day");
  await page.emulateMedia({ colorScheme: "dark" });
  same(await colours(), "rgb(20, 23, 26),rgb(154, 164, 174)", "colours by night");
  const pdf = await page.pdf({ format: "A4", printBackground: true });
  check(pdf.length > 40000, `the print has only ${pdf.length} bytes`);
}

// Names of columns, slanted, are apart; the box of the heat map scrolls where it is too wide.
async function checkPhone(browser, path, columns) {
  const { page, complaints } = await show(browser, path, { width: 390 });
  same(await page.evaluate(() => document.documentElement.scrollWidth), 390, "the width on a phone");
  await checkDrawn(page, "on a phone");
  const found = await page.evaluate(() => ({
    scale: new Set([...document.querySelectorAll("#heat-scale i")].map((i) => i.offsetTop)).size + ($("heat-scale").firstChild.offsetHeight > 30),
    names: [...document.querySelectorAll("#heat-chart .role-axis-label text")].map((t) => t.getBoundingClientRect().right).sort((a, b) => a - b),
  }));
  same(found.scale, 1, "lines of the scale on a phone");
  const names = found.names.slice(-columns), apart = Math.min(...names.slice(1).map((right, i) => right - names[i]));
  same(found.names.length > columns, true, "names beside the heat map");
  check(apart > 8, `names of ${columns} columns are ${apart} apart`);
  same(complaints.join("\n"), "", "on a phone");
  await page.close();
}

async function checkUsual(browser) {
  blobs("blobs.csv", 5, 4, 60, 0.4);
  const path = report("usual", "blobs.csv", "--label-column", "label");
  const { page, complaints } = await show(browser, path);
  same(await page.textContent("#headline"), "5 clusters", "the headline");
  check((await page.textContent("#command")).endsWith("usual.html --quiet --label-column label"), "the command is another");
  same((await charts(page)).length >= 14, true, "the number of charts");
  await checkDrawn(page, "usual");
  await checkWords(page);
  await checkHovering(page, 5);
  await checkPicking(page, 5, 4);
  await checkSaving(page);
  await checkModes(page);
  same(complaints.join("\n"), "", "usual");
  await page.close();
  await checkPhone(browser, path, 4);
}

// ---- names that are no names ----

const hostile = ["</script><script>window.injected=1;alert(1)</script>", "<img src=x onerror=\"window.injected=1\">", "<!--<script>", "\"'><b>bold</b>",
  "two\nlines", "\u202eשלום\u202d", "\u2028\u2029", "w".repeat(10000), "constructor", "{{x}} ${y} datum['z']"];

async function checkHostile(browser) {
  const quoted = hostile.map((name) => `"${name.replaceAll('"', '""')}"`);
  const rows = Array.from({ length: 90 }, (_, i) => [...hostile.map((_, j) => (i % 3) * (j % 4) * 9 + Math.sin(i * (j + 2))), quoted[i % 3]].join());
  writeFileSync(file("hostile.csv"), [[...quoted, "label"].join(), ...rows].join("\n"));
  const { page, complaints } = await show(browser, report("hostile", "hostile.csv", "--label-column", "label", "--columns", hostile.map((_, j) => j + 1).join()));
  const found = await page.evaluate(() => ({
    injected: window.injected, scripts: document.scripts.length, strangers: document.querySelectorAll("#page img, #page script, #page b b, iframe, object").length,
    names: [...document.querySelectorAll("#sentences bdi")].map((b) => b.textContent), width: document.documentElement.scrollWidth,
  }));
  same(found.injected, undefined, "a script that was injected");
  same(found.scripts, 3, "scripts");
  same(found.strangers, 0, "elements that do not belong there");
  same(found.width, 1280, "the width with long names");
  check(found.names.every((name) => hostile.some((h) => h === name || (name.length === 121 && h.startsWith(name.slice(0, 120))))), "names are not shown as they are:", found.names);
  await checkDrawn(page, "hostile");
  const cells = page.locator("#heat-chart .mark-rect path");
  for (let j = 0; j < hostile.length; j++) {
    await cells.nth(3 * j).hover();
    const tip = await page.evaluate(() => ({ text: document.querySelector("#vg-tooltip-element")?.textContent, tags: [...new Set([...document.querySelectorAll("#vg-tooltip-element *")].map((e) => e.tagName))].join() }));
    check(tip.tags === "TABLE,TBODY,TR,TD" && tip.text.includes("column"), "a tooltip of", tip.tags, tip.text);
  }
  same(await page.evaluate(() => window.injected), undefined, "a script in a tooltip");
  same(complaints.join("\n"), "", "hostile");
  await page.close();
}

// ---- tables at the edge ----

// Of many clusters the first are told of; one that is picked is, too.
async function checkMany(browser, path) {
  const { page, complaints } = await show(browser, path), told = () => page.$$eval("#sentences li", (all) => all.filter((li) => li.offsetParent).length);
  same(await told(), 24, "clusters told of at first");
  await page.click(".legend button[data-cluster='57']");
  same(await told(), 25, "clusters told of with another one picked");
  await page.click("#more");
  same(await told(), 60, "clusters told of in the end");
  await page.evaluate(() => { $("sentences").classList.add("few"); });
  await page.focus("#by-k");
  await page.keyboard.press("ArrowLeft"); // a key, so that the focus is seen
  await page.locator("#heat-chart .mark-rect path").first().hover();
  const outline = () => page.$eval("#by-k", (e) => getComputedStyle(e).outlineStyle), tip = page.locator("#vg-tooltip-element");
  same(await outline(), "solid", "the ring of the focus");
  await tip.waitFor({ state: "visible" });
  await page.emulateMedia({ media: "print" });
  same(await told(), 60, "clusters told of in print");
  same(await outline(), "none", "the ring of the focus in print");
  same(await tip.isVisible(), false, "a tooltip in print");
  same(complaints.join("\n"), "", "many");
  await page.close();
}

// Clusters of no answer are merely some; and where no half voted, nothing is said of halves.
async function checkUndecided(browser, path) {
  const { page, complaints } = await show(browser, path);
  check((await page.textContent("#headline")).startsWith("No answer"), "an answer");
  check((await page.locator("#no-choice").innerText()).endsWith("chose no number: these are merely the 2 clusters of the smallest number tried."), "clusters of no answer are not told to be that");
  same(complaints.join("\n"), "", "undecided");
  await page.close();
}

async function checkNoVotes(browser, path) {
  const data = JSON.parse(/id="report">(.*?)<\/script>/s.exec(readFileSync(path, "utf8"))[1]);
  check(data.sweep.confidence?.n_halves === 20, "halves that were asked:", data.sweep.confidence);
  data.sweep.confidence.halves = {};
  writeFileSync(path, readFileSync(path, "utf8").replace(/(id="report">).*?(<\/script>)/s, (_, a, b) => a + JSON.stringify(data).replaceAll("<", "\\u003c") + b));
  const { page, complaints } = await show(browser, path);
  for (const part of ["#readout", "#settings"]) check(!/halves/.test(await page.textContent(part)), `${part} tells of halves that did not vote`);
  check(await page.$eval("#halves", (e) => e.hidden), "a chart of halves that did not vote");
  same(complaints.join("\n"), "", "no votes");
  await page.close();
}

async function checkOpens(browser, name, headline, path) {
  const { page, complaints } = await show(browser, path);
  check((await page.textContent("#headline")).startsWith(headline), `${name}: ${await page.textContent("#headline")}`);
  await checkDrawn(page, name);
  same(complaints.join("\n"), "", name);
  await page.close();
}

// What decides is called by its name, and only BIC has a band.
async function checkDeciders(browser) {
  for (const [criterion, who, banded] of [["mixture", "BIC", true], ["bic", "BIC", true], ["aic", "AIC", false], ["mixture-icl", "ICL", false],
    ["silhouette", "silhouette", false]]) {
    const path = report(`by-${criterion}`, "blobs.csv", "--ignore", "label", "--criterion", criterion, "--mixtures", "--k-max", "9");
    const { page, complaints } = await show(browser, path);
    const k = /^\d+/.exec(await page.textContent("#headline"))[0];
    const words = (chart) => page.$$eval(`${chart} svg text`, (all) => all.map((text) => text.textContent));
    for (const chart of ["#elbow-chart", "#decider-chart"]) {
      const said = await words(chart);
      check(said.some((text) => text.endsWith(`${who}: ${k}`)), `${criterion}: ${chart} says ${said.join(", ")}`);
      check(who === "BIC" || said.every((text) => !/BIC/.test(text)), `${criterion}: ${chart} says BIC`);
    }
    same(/band/.test(await page.textContent("#decider-title")), banded, `${criterion}: words of a band`);
    same(await page.$$eval("#decider-chart svg .mark-rect path[fill='var(--wash)']", (all) => all.length), banded ? 1 : 0, `${criterion}: bands`);
    same(complaints.join("\n"), "", criterion);
    await page.close();
  }
}

// Numbers that look normal, the same each time.
function normals(n) {
  let state = 1;
  const uniform = () => (state = (state * 48271) % 2147483647) / 2147483647;
  return Array.from({ length: n }, () => Array.from({ length: 12 }, uniform).reduce((a, b) => a + b, -6));
}

async function checkEdges(browser) {
  const noise = normals(600), column = noise.slice(0, 300).map((v, i) => v + (i % 3) * 20);
  writeFileSync(file("column.csv"), ["a", ...column].join("\n"));
  writeFileSync(file("three.csv"), ["a,b,w", ...column.slice(0, 90).map((v, i) => `${v},${noise[300 + i]},${1 + (i % 2)}`)].join("\n"));
  blobs("many.csv", 60, 2, 25, 0.15);
  await checkOpens(browser, "one column", "3 clusters", report("column", "column.csv"));
  const weights = report("weights", "three.csv", "--weights", "w", "--scale", "standard");
  await checkOpens(browser, "weights", "3 clusters", weights);
  await checkNoVotes(browser, weights);
  await checkOpens(browser, "k = 1", "1 cluster", report("single", "three.csv", "--k-max", "1"));
  writeFileSync(file("wide.csv"), [Array.from({ length: 40 }, (_, j) => `column_${j}`).join(),
    ...noise.slice(0, 90).map((_, i) => Array.from({ length: 40 }, (_, j) => (i % 3) * (j % 5) + noise[(i * 40 + j) % 599]).join())].join("\n"));
  await checkUndecided(browser, report("undecided", "three.csv", "--criterion", "elbow", "--k-min", "2", "--k-max", "3"));
  await checkPhone(browser, report("wide", "wide.csv", "--k-min", "2", "--k-max", "3"), 40);
  await checkOpens(browser, "every criterion", "3 clusters", report("every", "three.csv", "--all-criteria", "--columns", "a,b", "--k-max", "6"));
  const many = report("many", "many.csv", "--label-column", "label", "--criterion", "bic");
  await checkOpens(browser, "60 clusters", "60 clusters", many);
  await checkMany(browser, many);
}

const browser = await open(chromium, scratch);
for (const part of [checkUsual, checkDeciders, checkHostile, checkEdges]) await part(browser);
await browser.close();
process.exit(failed ? 1 : 0);
