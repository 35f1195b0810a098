// SPDX-License-Identifier: Apache-2.0
// What the page says and does. Texts from the data only ever become text nodes, or values that Vega draws as text.
"use strict";

const report = JSON.parse(document.getElementById("report").textContent);
const { sweep } = report;
const points = sweep.curve, k = report.clusters.length, answer = sweep.k;
const criterionOf = (name) => report.criteria.find((c) => c.name === name);
const decider = criterionOf(sweep.criterion);

// ---- drawing ----

const views = { k: [], clusters: [] };
let at = null, picked = null; // the k that is looked at, and the cluster

async function draw(id, spec, kind, options = {}) {
  const { view, container } = await embed(id, spec, options);
  views[kind].push(view);
  if (kind === "k") view.signal("at", at).runAsync();
  else view.signal("picked", picked).runAsync();
  if (kind === "k") followPointer(view, container);
  if (kind === "clusters") view.addEventListener("click", (_, item) => pick(item?.datum?.cluster ?? null));
}

// ---- over k ----

const evidenceOf = (name) => points.some((p) => typeof p[name] === "number");
// Halves may have been asked, and none could tell, or had a choice.
const halves = points.length > 1 && Object.keys(sweep.confidence?.halves ?? {}).length > 0 ? sweep.confidence : null;
// The criteria that have a value for some k, the one that decides first.
const shownCriteria = report.criteria.filter((c) => c.direction !== "knee" && evidenceOf(c.name))
  .sort((a, b) => (b === decider) - (a === decider));

function showK(wanted) {
  if (wanted === at) return;
  at = wanted;
  for (const view of views.k) view.signal("at", at).runAsync();
  for (const row of $("k-table").rows) row.classList.toggle("at", Number(row.dataset.k) === at);
  sayRow(at ?? answer ?? points[0].k);
  if (at !== null) $("spoken").textContent = `k = ${at}, ${choosersOf(at)}`;
}

// Who chose a k, in few words: they are read aloud.
function choosersOf(n) {
  const names = report.criteria.filter((c) => c.choice === n).map((c) => c.title);
  const others = names.length > 3 ? ` and ${names.length - 3} others` : "";
  return names.length === 0 ? "nobody's choice" : `chosen by ${names.slice(0, 3).join(", ")}${others}`;
}

function sayRow(n) {
  const point = points.find((p) => p.k === n);
  const value = (name, text) => make("span", {}, `${name} `, make("b", {}, text));
  const parts = [make("b", { className: "k" }, `k = ${n}`), value("inertia", say(point.inertia))];
  for (const c of shownCriteria.slice(0, 14))
    parts.push(value(c.title, say(point[c.name]) + (c.choice === n ? " ◂ its choice" : "")));
  if (halves) parts.push(value("random halves", `${halves.halves[n] ?? 0} of ${halves.n_halves}`));
  $("readout").replaceChildren(...parts);
}

function followPointer(view, container) {
  for (const event of ["pointermove", "pointerdown"])
    view.addEventListener(event, (_, item) => { if (item?.datum?.k) showK(item.datum.k); });
  container.addEventListener("pointerleave", () => showK(null));
}

function walk(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
  if (event.key === "Escape") showK(null);
  if (!step) return;
  event.preventDefault();
  const now = points.findIndex((p) => p.k === (at ?? answer));
  showK(points[Math.min(Math.max(now + step, 0), points.length - 1)].k);
}

// The titles and places of small charts come first, so that nothing moves when they are drawn.
function placeMultiples(criteria) {
  return criteria.map((c) => {
    const chart = make("div", { className: "chart small" });
    const said = make("b", { className: c.choice === answer ? "same" : "" }, c.choice === null ? "–" : `${c.choice}`);
    $("multiples").append(make("figure", { title: ruleOf(c) }, make("figcaption", {}, c.title, said), chart));
    return chart;
  });
}

async function drawCriteria() {
  const elbow = criterionOf("elbow")?.choice ?? null;
  const other = decider?.direction === "knee" ? criterionOf("bic") : decider;
  const rest = shownCriteria.filter((c) => c !== other), places = placeMultiples(rest);
  $("others").hidden = rest.length === 0;
  sayRow(answer ?? points[0].k);
  $("elbow-title").append("The elbow ", make("span", {}, "inertia: squared distances to centroids"));
  const decided = answer && decider === other ? { k: answer, who: other.short } : null;
  await draw("elbow-chart", elbowChart(points, elbow, decided), "k", { says: sayElbow(elbow, decided) });
  await drawDecider(other);
  for (const [i, c] of rest.entries())
    await draw(places[i], smallChart(points, c.name, c.choice, answer), "k", { small: true, says: `${c.title}: ${c.choice ?? "no choice"}` });
}

// Charts for those who do not see them: each in a sentence.
function sayElbow(elbow, decided) {
  const first = points[0], last = points.at(-1);
  const fall = points.length > 1 ? `Inertia falls from ${say(first.inertia)} at ${first.k} to ${say(last.inertia)} at ${last.k}`
    : `Inertia is ${say(first.inertia)} at ${first.k}`;
  return `${fall}; ${elbow ? `the elbow is at ${elbow}` : "there is no elbow"}${decided ? `, ${decided.who} chose ${decided.k}` : ""}.`;
}

function sayDecider(c, choice) {
  const values = points.map((p) => p[c.name]).filter((value) => typeof value === "number");
  const from = `${c.title} from k = ${points[0].k} to ${points.at(-1).k}, between ${say(Math.min(...values))} and ${say(Math.max(...values))}`;
  const chosen = points.find((p) => p.k === choice);
  return `${from}; ${chosen ? `its choice is ${choice}, where it is ${say(chosen[c.name])}` : "it chose none"}.`;
}

function saySizes() {
  const order = clustersOf(k).sort((a, b) => report.clusters[b].share - report.clusters[a].share);
  const one = (cluster) => `cluster ${cluster} with ${shareOf(cluster)}`;
  if (k <= 8) return `${$("sizes-title").textContent}: ${order.map(one).join(", ")}.`;
  return `${$("sizes-title").textContent}: the largest is ${one(order[0])}, the smallest ${one(order.at(-1))}.`;
}

async function drawDecider(other) {
  const drawn = other && evidenceOf(other.name);
  $("decider-title").parentElement.hidden = !drawn;
  if (!drawn) return;
  const relative = other.scale !== "own" && points.length > 1, choice = decider === other ? answer : other.choice;
  const caption = relative && other.scale === "bic" ? "k in the band cannot be ruled out" : ruleOf(other);
  $("decider-title").append(`${other.title} `, make("span", {}, caption));
  const chart = relative ? shortOfBestChart(points, other, choice) : criterionChart(points, other, choice);
  await draw("decider-chart", chart, "k", { says: sayDecider(other, choice) });
}

const ruleOf = (c) => c.rule ?? { maximum: "the highest counts", minimum: "the lowest counts" }[c.direction] ?? "";

function fillCurveTable() {
  const head = ["k", "inertia", ...shownCriteria.map((c) => c.title)];
  const body = points.map((p) => {
    const row = make("tr", {}, make("td", {}, `${p.k}`), make("td", {}, say(p.inertia)),
      ...shownCriteria.map((c) => make("td", { className: c.choice === p.k ? "chosen" : "" }, say(p[c.name]))));
    row.dataset.k = p.k;
    return row;
  });
  const titles = make("tr", {}, ...head.map((title) => make("th", { scope: "col" }, title)));
  $("k-table").append(make("thead", {}, titles), make("tbody", {}, ...body));
}

// ---- clusters ----

// Highlight a cluster everywhere; the same again, or null, lets go.
function pick(cluster) {
  picked = cluster === picked ? null : cluster;
  for (const view of views.clusters) view.signal("picked", picked).runAsync();
  document.body.classList.toggle("picked-one", picked !== null);
  for (const button of document.querySelectorAll("button[data-cluster]")) {
    const mine = Number(button.dataset.cluster) === picked;
    button.setAttribute("aria-pressed", mine);
    button.closest("li")?.classList.toggle("picked", mine);
  }
}

const SVG = "http://www.w3.org/2000/svg";
function swatch(cluster) {
  const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "-1.2 -1.2 2.4 2.4");
  svg.setAttribute("class", "swatch");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", OUTLINES[shapeOf(cluster)]);
  path.setAttribute("fill", colourOf(cluster));
  svg.append(path);
  return svg;
}

function clusterButton(cluster, text) {
  const button = make("button", { type: "button" }, swatch(cluster), text);
  button.dataset.cluster = cluster;
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-label", `Cluster ${cluster}`);
  return button;
}

const HIGH = [[1.5, "far above"], [0.5, "above"], [0.25, "a little above"]];
const LOW = [[1.5, "far below"], [0.5, "below"], [0.25, "a little below"]];
const LEAST_TOLD = 0.25, MOST_TOLD = 24;

// "far above average in mass (5076; all: 4202)"
function told(top) {
  const [, word] = (top.distance > 0 ? HIGH : LOW).find(([least]) => Math.abs(top.distance) >= least);
  return [`${word} average in `, isolated(top.name), " ", make("i", {}, `(${say(top.value)}; all: ${say(top.average)})`)];
}

// A cluster's share of the rows, or of what they weigh.
const shareOf = (cluster) => `${percent(report.clusters[cluster].share)}${report.weighted ? " of the weight" : ""}`;

// The known label that most of a cluster's rows have, of those that are shown: [label, share]; label null: none has
// more than half.
function mostKnown(cluster) {
  const { map } = report, counts = new Map();
  if (!map?.known) return null;
  let n = 0;
  map.cluster.forEach((of, i) => {
    if (of !== cluster) return;
    n++;
    counts.set(map.known[i], (counts.get(map.known[i]) ?? 0) + 1);
  });
  const [label, count] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [null, 0]);
  return label === null ? null : [count > n / 2 ? map.known_texts[label] : null, count / n];
}

function sentence(cluster) {
  const { top, rows } = report.clusters[cluster];
  const parts = top.filter((t) => Math.abs(t.distance) >= LEAST_TOLD).map(told);
  const words = parts.flatMap((part, i) => (i === 0 ? part : [i === parts.length - 1 ? ", and " : ", ", ...part]));
  if (words.length === 0) words.push("near the average in every column");
  words[0] = words[0][0].toUpperCase() + words[0].slice(1);
  words.push(".");
  const known = mostKnown(cluster);
  if (known) words.push(...(known[0] === null ? [" Of mixed known labels."] : [" Known as ", isolated(known[0]), ` (${percent(known[1])}).`]));
  const item = make("li", {}, make("span", { className: "size" }, `${plural(rows, "row")}, ${shareOf(cluster)}`),
    clusterButton(cluster, `Cluster ${cluster}`), make("p", {}, ...words));
  item.addEventListener("click", () => pick(cluster));
  return item;
}

// What a point of the map is.
function tellPoint(map, { cluster, i }) {
  if (i === undefined) return [["centre of cluster", `${cluster}`]];
  const pairs = [["cluster", `${cluster}`]];
  if (map.row) pairs.push(["row", whole.format(map.row[i])]);
  if (map.known) pairs.push(["known label", alone(map.known_texts[map.known[i]])]);
  return pairs;
}

const CLICK = "click a cluster to see it everywhere";

async function drawMap() {
  const { map, clusters } = report;
  const decode = ({ low, step, numbers }) => numbers.map((n) => low + n * step);
  const xs = decode(map.x), ys = decode(map.y);
  const values = xs.map((x, i) => ({ x, y: ys[i], cluster: map.cluster[i], i }));
  const centres = map.centres.map(([x, y], cluster) => ({ x, y, cluster, pale: isPale(cluster) }));
  const several = clusters.length > 1, has = (cluster) => map.ellipses[cluster].every((v) => v !== null);
  const outlines = several && map.ellipses ? clustersOf(k).filter(has).flatMap((c) => ellipse(c, map.centres[c], map.ellipses[c])) : [];
  const names = map.plain ? map.axes.map((axis) => alone(shorten(axis.columns[0], 60)))
    : map.axes.map((axis, i) => `principal axis ${i + 1}: ${percent(axis.share)} of the variance`);
  const wide = xs.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity]);
  const tall = ys.reduce(([low, high], y) => [Math.min(low, y), Math.max(high, y)], [Infinity, -Infinity]);
  const ratio = (tall[1] - tall[0]) / (wide[1] - wide[0] || 1);
  const height = Math.round(Math.min(Math.max(ratio * $("map-chart").clientWidth, 340), 620));
  $("map-title").append(map.plain ? "The rows " : "The rows on two principal axes ", make("span", {}, several ? CLICK : ""));
  sayMap(map, values.length, outlines.length > 0);
  const chart = mapChart(values, several ? centres : [], outlines, clusters.length, names, height);
  const says = `${plural(values.length, "row")} in ${plural(k, "cluster")}; across: ${names[0]}, up: ${names[1]}.`;
  await draw("map-chart", chart, "clusters", { canvas: true, tell: (datum) => tellPoint(map, datum), says });
}

const shownOfSample = (n) => `Shown: ${plural(n, "row")} of the sample that the search went on in, of ${whole.format(sweep.n_rows)}`;

function sayMap(map, n, hasEllipses) {
  const parts = [];
  const of = sweep.n_rows;
  if (map.sample) parts.push(`${shownOfSample(n)}. `);
  else if (n < of) parts.push(`Shown: ${plural(n, "row")} drawn at random from ${whole.format(of)}. `);
  if (!map.plain) map.axes.forEach((axis, i) => {
    const names = axis.columns.flatMap((name, j) => [...(j ? [" and "] : []), isolated(name)]);
    parts.push(`Axis ${i + 1} goes mostly along `, ...names, ". ");
  });
  if (hasEllipses) parts.push("Ellipses are two standard deviations of each component. ");
  $("map-note").append(...parts);
}

async function drawHistogram() {
  const { histogram, columns, clusters } = report;
  const bins = histogram.bins.map((bin) => ({ ...bin, name: `${bin.cluster}` }));
  $("map-title").append("The values ", make("span", {}, clusters.length > 1 ? CLICK : ""));
  if (histogram.sample) $("map-note").append(`${shownOfSample(histogram.rows)}.`);
  const chart = histogramChart(bins, clusters.length, alone(columns[0].name), report.weighted ? "weight" : "rows");
  const says = `Histogram of ${columns[0].name} from ${say(bins[0]?.from)} to ${say(bins.at(-1)?.to)} in ${plural(k, "cluster")}.`;
  await draw("map-chart", chart, "clusters", { says });
}

async function drawSizes() {
  const what = report.weighted ? "weight" : "rows";
  const values = report.clusters.map((c, cluster) => {
    const size = c.weight ?? c.rows;
    return { cluster, size, name: `${cluster}`, said: say(size), part: percent(c.share), label: `${say(size)} · ${percent(c.share)}` };
  });
  $("sizes-title").replaceChildren(report.weighted ? "Weight of each cluster" : "Rows in each cluster");
  await draw("sizes-chart", sizesChart(values, what), "clusters", { says: saySizes() });
}

async function drawHeat() {
  const columns = report.columns.map((c) => ({ ...c, shown: alone(shorten(c.name, 40)) }));
  const cells = columns.flatMap((c, column) => c.values.map((value, cluster) => ({
    cluster, column, distance: c.distances[cluster], name: `${cluster}`, of: alone(c.name), said: say(value),
    average: say(c.average), off: (c.distances[cluster] >= 0 ? "+" : "−") + Math.abs(c.distances[cluster]).toFixed(2),
  })));
  $("heat-title").append("What distinguishes them ", make("span", {}, "blue: below the average of all rows, brown: above"));
  const { n_columns } = report;
  const steps = HEAT_COLOURS.map((colour) => {
    const step = make("i");
    step.style.background = colour;
    return step;
  });
  $("heat-scale").append(make("span", {}, "−2.25", ...steps, "2.25"), "standard deviations of all rows");
  const parts = [];
  if (columns.length < n_columns)
    parts.push(`The ${columns.length} columns of ${whole.format(n_columns)} that distinguish the clusters most. `);
  if (report.map?.sample) parts.push("Averages and deviations are those of the sample. ");
  if (n_columns > 2) parts.push("The most telling columns come first.");
  $("heat-note").append(...parts);
  const says = `How far the centres of ${k} clusters are off the average in ${plural(columns.length, "column")}`
    + ` (numbers are in the table of centres); most in ${columns.slice(0, 3).map((c) => c.name).join(", ")}.`;
  $("heat-chart").style.minWidth = `${columns.length * LEAST_CELL}px`; // the box scrolls
  await draw("heat-chart", heatChart(cells, columns, k, $("heat-chart").clientWidth), "clusters", { says });
}

// The centres as numbers, for those who do not see colours, and for all who need them.
function fillCentres() {
  const { columns, n_columns, clusters } = report, values = (one) => columns.map((c) => make("td", {}, say(one(c))));
  const titled = (scope, ...title) => make("th", { scope }, ...title);
  const head = make("tr", {}, titled("col", "cluster"), titled("col", report.weighted ? "weight" : "rows"),
    ...columns.map((c) => titled("col", isolated(c.name))));
  const body = clusters.map((c, cluster) =>
    make("tr", {}, titled("row", `${cluster}`), make("td", {}, say(c.weight ?? c.rows)), ...values((column) => column.values[cluster])));
  const all = say(report.weighted ? sweep.total_weight : sweep.n_rows);
  body.push(make("tr", {}, titled("row", report.map?.sample ? "average of the sample" : "average of all"), make("td", {}, all), ...values((c) => c.average)));
  $("centres-title").append(columns.length < n_columns ? `Every centre in numbers (${columns.length} columns)` : "Every centre in numbers");
  $("centre-table").append(make("thead", {}, head), make("tbody", {}, ...body));
}

async function drawClusters() {
  const many = clustersOf(k);
  $("which").replaceChildren(k === 1 ? "What is in the data?" : "Which clusters?");
  $("legend").hidden = k === 1;
  $("legend").append(...many.map((cluster) => clusterButton(cluster, `${cluster}`)));
  $("legend").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) pick(Number(button.dataset.cluster));
  });
  for (const part of document.querySelectorAll(".table-of-clusters, #heat-note, #heat-scale, #centres")) part.hidden = k === 1;
  $("no-choice").hidden = answer !== null || k === 1;
  $("no-choice").append(`The criterion, ${decider?.title ?? sweep.criterion}, chose no number: these are merely the ${k} clusters of the smallest number tried.`);
  if (k > 1) {
    tellClusters(many);
    fillCentres();
  }
  await (report.map ? drawMap() : drawHistogram());
  if (k === 1) return;
  await drawSizes();
  await drawHeat();
}

// The first of many, until all are asked for.
function tellClusters(many) {
  const items = many.map(sentence);
  items.slice(MOST_TOLD).forEach((item) => item.classList.add("further"));
  $("sentences").append(...items);
  $("more").hidden = k <= MOST_TOLD;
  $("sentences").classList.toggle("few", k > MOST_TOLD);
  $("more").append(`Tell of all ${whole.format(k)} clusters`);
  $("more").addEventListener("click", () => { $("more").hidden = true; $("sentences").classList.remove("few"); });
  for (const chart of ["sizes-chart", "heat-chart"]) $(chart).style.minHeight = `${k * rowStep(k) + 8}px`;
}

// ---- how sure, and the rest ----

async function drawHalves() {
  $("halves").hidden = !halves;
  if (!halves) return;
  const votes = Object.entries(halves.halves).sort((a, b) => b[1] - a[1]).map(([n, count]) => `${count} say ${n}`);
  $("halves-title").append("What random halves of the rows say ", make("span", {}, `${halves.n_halves} were asked again`));
  const says = `Of ${halves.n_halves} random halves of the rows ${votes.join(", ")}.`;
  await draw("halves-chart", halvesChart(points, halves.halves, answer, halves.n_halves), "k", { says });
}

function fillReasons() {
  $("reasons").append(...report.reasons.map(({ text, kind }) => make("li", { className: kind }, `${text}.`)));
}

function fillHead() {
  const { seconds, k_min, k_max } = sweep;
  if (report.source) $("source").append(isolated(report.source));
  $("headline").append(report.headline);
  $("certainty").append(report.certainty);
  $("certainty").classList.add(report.tone);
  $("elbow-words").append(report.elbow);
  define($("facts"), [
    ["rows", whole.format(sweep.n_rows)], ["columns", whole.format(sweep.n_columns)],
    ["numbers of clusters tried", `${k_min} … ${k_max}`], ["decided by", decider?.title ?? sweep.criterion],
    ["time", seconds < 0.1 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(seconds < 10 ? 2 : 0)} s`],
  ]);
}

function fillSettings() {
  const { scale, rows_dropped, cells_filled, searched_rows, n_rows, passes, seed, version, mixture_rows, total_weight } = sweep;
  const scales = {
    none: "none", standard: "each column less its mean, by its standard deviation",
    robust: "each column less its median, by its interquartile range",
  };
  const terms = $("settings");
  const pairs = [
    ["Ockham", version], ["seed", `${seed}`], ["scaling of columns", scales[scale]], ["decides", decider?.title ?? sweep.criterion],
    ["rows with missing values left out", rows_dropped && whole.format(rows_dropped)],
    ["missing cells filled with the mean", cells_filled && whole.format(cells_filled)],
    ["sum of the weights", report.weighted && say(total_weight)],
    ["searched in", searched_rows < n_rows && `${plural(searched_rows, "row")}${passes ? `; all were measured, in ${passes} passes` : ""}`],
    ["mixtures fitted to", mixture_rows && mixture_rows < n_rows && plural(mixture_rows, "row")],
    ["random halves", halves && `${halves.n_halves}`],
  ];
  for (const [term, text] of pairs) if (text) terms.append(make("dt", {}, term), make("dd", {}, text));
  $("command").hidden = !report.command;
  if (report.command) $("command").append(report.command);
  const enough = COLOURS.length * SHAPES.length;
  $("footer").append(`Made by Ockham ${version}: the simplest model that the data support. `,
    "Colours: Okabe & Ito, which are different to colour-blind eyes, too",
    k > COLOURS.length ? "; beyond eight clusters also shapes" : "", k > enough ? `, of which there are enough for ${enough}` : "",
    ". This file needs no network.");
}

async function show() {
  $("page").hidden = false;
  fillHead();
  fillReasons();
  fillSettings();
  fillCurveTable();
  $("by-k").addEventListener("keydown", walk);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") pick(null); });
  for (const part of [drawCriteria, drawClusters, drawHalves]) await part();
  document.body.dataset.drawn = "yes";
}

show();
