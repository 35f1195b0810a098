// SPDX-License-Identifier: Apache-2.0
// What the page of drift says and does. Texts from the data only ever become text nodes, or values that Vega draws.
"use strict";

const report = JSON.parse(document.getElementById("report").textContent);
const { drift } = report;
const { course, signals } = drift;
const isColumn = (s) => s.kind === "column" || s.kind === "output";
const titles = { clusters: "clusters", distance: "distance from the centres", missing: "missing cells a row" };
// "0.71 length − 0.70 width"; a direction's squared weights add up to 1.
const madeOf = (parts) => parts.map((p, i) => `${p.weight < 0 ? (i ? " − " : "−") : i ? " + " : ""}${Math.abs(p.weight).toFixed(2)} ${p.column}`).join("")
  + (parts.reduce((sum, p) => sum + p.weight * p.weight, 0) < 0.995 ? " + …" : "");
const titleOf = (s) => titles[s.kind] ?? (s.kind === "output" ? `output ${s.name}` : s.made_of ? `${s.name}: ${madeOf(s.made_of)}` : s.name);
// With one more digit where they would all be 0, and no −0.
const signed = (value, digits = 2) => {
  const text = [digits, digits + 1].map((n) => Math.abs(value).toFixed(n)).find((t) => Number(t) !== 0);
  return text === undefined ? (0).toFixed(digits) : `${value > 0 ? "+" : "−"}${text}`;
};
const points = (share) => signed(100 * share, 1);
const changeOf = (bin) => `${points(bin.now - bin.reference)} points (${points(bin.low)} to ${points(bin.high)})`;
const rowNumber = (row) => whole.format(row);
const key = () => make("span", {}, make("span", { className: "key" }, make("i"), "then"), make("span", { className: "key now" }, make("i"), "now"));

// A bin with what charts need of it.
const told = (bin, name, title) => ({
  ...bin, name, title: alone(title), shown: alone(shorten(title, 60)), then_said: percent(bin.reference), now_said: percent(bin.now), change_said: changeOf(bin),
  from: Math.max(0, bin.reference + bin.low), to: Math.min(1, bin.reference + bin.high),
});

// ---- when ----

const lastRow = () => Math.max(course.rows, 1);
const shaded = () => course.episodes.map((e) => ({ from: e.since_row, to: e.until_row ?? lastRow() }));

function sayCourse(values) {
  const most = values.reduce((a, b) => (b.level > a.level ? b : a));
  const alarms = course.n_episodes === 0 ? "it stays below the limit of 1" : `${plural(course.n_episodes, "alarm")}: ${
    course.episodes.map((e) => `since row ${rowNumber(e.since_row)}, noticed at ${rowNumber(e.noticed_row)}`).join("; ")}`;
  return `The alarm level over ${plural(course.rows, "row")}; ${alarms}; the highest is ${say(most.level)} at row ${rowNumber(most.row)}.`;
}

async function drawCourse() {
  $("when-section").hidden = !course || course.points.length === 0;
  if ($("when-section").hidden) return;
  const values = course.points.filter(([, level]) => level !== null).map(([row, level]) => ({ row, level, said: say(level) }));
  $("course-title").append("The alarm level, row by row ", make("span", {}, "1 is the limit; without drift it is reached once in ",
    `${whole.format(course.rows_per_false_alarm)} rows`));
  await embed("course-chart", courseChart(values, shaded(), lastRow()), { says: sayCourse(values) });
  if (course.episodes.length) $("course-note").append("Shaded: from the estimated first row of a change until all was quiet again.");
  fillEpisodes();
}

const timeOf = (seconds) => (seconds === null ? "" : new Date(1000 * seconds).toISOString().replace(".000", ""));

function fillEpisodes() {
  $("episodes").hidden = course.episodes.length === 0;
  const timed = course.episodes.some((e) => e.since_s !== null);
  const head = ["alarm", "since about row", "noticed at row", "until row", "by", "PSI", ...(timed ? ["since", "noticed"] : [])];
  const body = course.episodes.map((e) => make("tr", {}, make("th", { scope: "row" }, `${e.number}`),
    ...[rowNumber(e.since_row), rowNumber(e.noticed_row), e.until_row ? rowNumber(e.until_row) : "lasts"].map((text) => make("td", {}, text)),
    make("td", { className: "name" }, isolated(titleOf({ kind: e.kind, name: e.signal }))), make("td", {}, say(e.psi)),
    ...(timed ? [make("td", {}, timeOf(e.since_s)), make("td", {}, timeOf(e.noticed_s))] : [])));
  fillTable("episode-table", head, body, ["by"]);
}

// ---- which population ----

const marksOf = (cluster) => drift.clusters[cluster].map((m) => `${m.column} ${say(m.centre)}`).join(", ");
const POPULATIONS_SHOWN = 24;

function populationsOf(signal) {
  const k = drift.clusters.length;
  return signal.bins.map((bin, i) => {
    const name = i < k ? `cluster ${i}` : i === k ? "outside all clusters" : "rows without a number";
    const marks = i < k ? marksOf(i) : "";
    return told(bin, name, marks ? `${name}: ${marks}` : name);
  }).filter((p, i) => i <= k || p.now > 0 || p.reference > 0)
    .sort((a, b) => Math.abs(b.now - b.reference) - Math.abs(a.now - a.reference));
}

function sayPopulations(all) {
  const one = (p) => `${p.title} from ${p.then_said} to ${p.now_said}`;
  return `Shares of the populations, then and now, in order of their change: ${all.slice(0, 4).map(one).join("; ")}.`;
}

async function drawPopulations() {
  const signal = signals.find((s) => s.kind === "clusters" && s.bins.length);
  $("who-section").hidden = !signal && !drift.examples;
  $("population-chart").closest("figure").hidden = !signal;
  fillExamples();
  if (!signal) return;
  const all = populationsOf(signal), shown = all.slice(0, POPULATIONS_SHOWN), wide = $("population-chart").clientWidth;
  $("population-title").append("Shares of the rows ", make("span", {}, "bands: where the share now may lie (95 %) "), key());
  await embed("population-chart", populationChart(shown, Math.min(420, wide * 0.45)), { says: sayPopulations(all) });
  const parts = ["Populations are the clusters of the reference; named are the columns in which a centre is farthest from the average. "];
  if (shown.length < all.length) parts.push(`Shown: the ${shown.length} of ${all.length} that changed most. `);
  $("population-note").append(...parts);
}

function fillExamples() {
  const { examples } = drift;
  $("examples").hidden = !examples;
  if (!examples) return;
  const names = { outside: "outside all clusters", empty: "rows without a number" };
  const of = examples.kind === "clusters" ? names[examples.bin] ?? `cluster ${examples.bin}` : `${examples.signal}, ${examples.bin}`;
  $("example-title").append("Some rows of what grew: ", isolated(of), ` (${percent(examples.reference)} then, ${percent(examples.now)} now)`);
  const cell = (value) => make("td", {}, value === null ? "–" : typeof value === "number" ? say(value) : isolated(value));
  fillTable("example-table", ["row", ...examples.columns],
    examples.rows.map((r) => make("tr", {}, make("th", { scope: "row" }, rowNumber(r.row)), ...r.values.map(cell))));
}

// ---- which columns ----

// What changed most, in words.
function changed(s) {
  if (s.mean_now !== null && (s.shift_low > 0 || s.shift_high < 0)) return `mean ${say(s.mean_reference)} → ${say(s.mean_now)}`;
  if (!s.bins.length) return "";
  // Of missing cells not the rows that lack nothing: others say what came.
  const bin = (s.kind === "missing" ? s.bins.slice(1) : s.bins).reduce((a, b) => (Math.abs(b.now - b.reference) > Math.abs(a.now - a.reference) ? b : a));
  return `${s.kind === "missing" ? `${bin.name} missing` : bin.name}: ${percent(bin.reference)} → ${percent(bin.now)}`;
}

const columns = signals.filter(isColumn);
const shownColumns = columns.slice(0, report.most_columns);
const rowsOfColumns = shownColumns.map((s, i) => ({
  name: `${i}`, shown: alone(shorten(titleOf(s), 40)), title: alone(titleOf(s)), change: changed(s), drifted: s.drifted,
  psi: s.psi, psi_low: s.psi_low, psi_high: s.psi_high, psi_said: `${say(s.psi)} (${say(s.psi_low)} to ${say(s.psi_high)})`,
  shift: s.shift, shift_low: s.shift_low, shift_high: s.shift_high,
  shift_said: s.shift === null ? "–" : `${signed(s.shift)} (${signed(s.shift_low)} to ${signed(s.shift_high)})`,
}));

function sayColumns(what, field) {
  const first = rowsOfColumns.filter((c) => c[field] !== null).slice(0, 5).map((c) => `${c.title} ${c[`${field}_said`]}`);
  return `${what} of ${plural(rowsOfColumns.length, "column")}, the most telling first: ${first.join("; ")}.`;
}

async function drawColumns() {
  $("what-section").hidden = shownColumns.length === 0;
  if (shownColumns.length === 0) return;
  const width = Math.min(190, $("shift-chart").clientWidth * 0.4);
  $("shift-title").append("How far the mean moved ", make("span", {}, "in deviations of the reference, with 95 % intervals"));
  $("psi-title").append("How much the distribution changed ", make("span", {}, "population stability index, its bias removed"));
  const charts = [
    ["shift-chart", "Shift of the mean", { value: "shift", low: "shift_low", high: "shift_high", title: "standard deviations", width }],
    ["psi-chart", "Stability index", { value: "psi", low: "psi_low", high: "psi_high", title: "PSI", width }],
  ];
  for (const [id, what, options] of charts) {
    const { view } = await embed(id, intervalChart(rowsOfColumns, options), { says: sayColumns(what, options.value) });
    view.addEventListener("click", (_, item) => { if (item?.datum?.name !== undefined) choose(Number(item.datum.name), true); });
  }
  const parts = ["Orange: it drifted. Columns of categories have no mean. Press a row to see that column below."];
  if (shownColumns.length < columns.length) parts.unshift(`Shown: ${shownColumns.length} of ${columns.length} columns. `);
  $("column-note").append(...parts);
}

// ---- one signal ----

const choices = signals.filter((s) => s.bins.length);
let bins = null;

// One after the other, however fast they are asked for.
let turn = Promise.resolve();
const choose = (...one) => (turn = turn.then(() => showOne(...one)));

// A name of its own for each bin, for two may be called alike.
async function showOne(index, byPointer = false) {
  const at = byPointer ? choices.indexOf(shownColumns[index]) : index, signal = choices[at];
  if (!signal) return;
  $("column").value = at;
  const values = (signal.kind === "clusters" ? populationsOf(signal) : signal.bins.map((bin, i) => told(bin, `${i}`, bin.name)));
  const words = [titleOf(signal), changed(signal), `PSI ${say(signal.psi)} (${say(signal.psi_low)} to ${say(signal.psi_high)})`,
    signal.p_value === null ? "" : `p ${signal.p_value < 1e-16 ? "< 1e-16" : `= ${signal.p_value.toPrecision(2)}`}`, signal.drifted ? "drifted" : "did not drift"];
  $("readout").replaceChildren(isolated(words.filter(Boolean).join(" · ")));
  bins?.finalize();
  $("bins-title").replaceChildren("Shares of the bins ", make("span", {}, "lines: where the share now may lie (95 %) "), key());
  const said = values.map((b) => `${b.title} ${b.then_said} then, ${b.now_said} now`).join("; ");
  bins = (await embed("bins-chart", binsChart(values), { says: `${titleOf(signal)}: ${said}.` })).view;
}

async function drawOne() {
  document.querySelector(".one-column").hidden = choices.length === 0;
  if (choices.length === 0) return;
  const option = (s, i) => make("option", { value: `${i}` }, `${shorten(titleOf(s), 60)}${s.drifted ? " •" : ""}`);
  $("column").append(...choices.map(option));
  $("column").addEventListener("change", () => choose(Number($("column").value)));
  const first = choices.findIndex(isColumn);
  await choose(first === -1 ? 0 : first);
}

function fillSignals() {
  const batch = drift.kind === "batch";
  const head = ["signal", "what changed most", batch ? "p-value" : "once in rows", "PSI", "95 %", "JS", "mean, in sd", "95 % "];
  const p = (s) => (batch ? (s.p_value === null ? "–" : s.p_value < 1e-16 ? "< 1e-16" : s.p_value.toPrecision(2)) : say(s.run_length));
  const body = signals.map((s) => make("tr", { className: s.drifted ? "drifted" : "" }, make("th", { scope: "row", className: "name" }, isolated(titleOf(s))),
    make("td", { className: "name" }, isolated(changed(s))), make("td", {}, p(s)), make("td", {}, say(s.psi)),
    make("td", {}, `${say(s.psi_low)} … ${say(s.psi_high)}`), make("td", {}, say(s.js)), make("td", {}, s.shift === null ? "–" : signed(s.shift)),
    make("td", {}, s.shift === null ? "" : `${signed(s.shift_low)} … ${signed(s.shift_high)}`)));
  fillTable("signal-table", head, body, ["signal", "what changed most"]);
}

// ---- the rest ----

function fillHead() {
  const parts = [report.source && isolated(report.source), report.reference && isolated(report.reference)].filter(Boolean);
  if (parts.length) $("source").append(...parts.flatMap((part, i) => (i ? [" against ", part] : [part])));
  $("headline").append(report.headline);
  $("sentences").append(...report.sentences.map((text) => make("li", {}, text)));
  const drifted = columns.filter((s) => s.drifted).length;
  define($("facts"), [
    ["rows", whole.format(drift.n_rows)], ["rows of the reference", whole.format(drift.reference_rows)],
    ["p-value", drift.p_value === undefined ? "" : drift.p_value < 1e-16 ? "< 1e-16" : drift.p_value.toPrecision(2)],
    ["alarms", drift.kind === "stream" && `${course.n_episodes}`],
    ["columns that drifted", columns.length > 0 && `${drifted} of ${columns.length}`],
  ]);
}

function fillSettings() {
  const pairs = [
    ["Ockham", drift.version], ["level", drift.level !== undefined && `${drift.level}`],
    ["least effect (PSI)", drift.min_effect !== undefined && `${drift.min_effect}`],
    ["rows to a false alarm", course && whole.format(course.rows_per_false_alarm)],
    ["came in the rehearsal at", course && course.rehearsed !== null && `${say(course.rehearsed)} times that (${say(course.rehearsed_low)} to ${say(course.rehearsed_high)})`],
  ];
  for (const [term, text] of pairs) if (text) $("settings").append(make("dt", {}, term), make("dd", {}, text));
  $("command").hidden = !report.command;
  if (report.command) $("command").append(report.command);
  $("footer").append(`Made by Ockham ${drift.version}: the simplest model that the data support. This file needs no network.`);
}

async function show() {
  $("page").hidden = false;
  fillHead();
  fillSettings();
  fillSignals();
  for (const part of [drawCourse, drawPopulations, drawColumns, drawOne]) await part();
  document.body.dataset.drawn = "yes";
}

show();
