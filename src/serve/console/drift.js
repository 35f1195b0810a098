// SPDX-License-Identifier: Apache-2.0
// Drift: of each model that has a profile, how far it is from an alarm, which clusters grew, which columns moved.
"use strict";

const NEAR = 0.75, DRIFT_PAUSE_MS = 3000, MOST_BARS = 12, MOST_MOVED = 8;
const drifting = { panels: new Map(), key: null };
const hasDrift = ({ drift }) => drift && !["off", "no profile"].includes(drift.status);

// ---- words ----

const often = (runLength, of = "rows") => (runLength >= 1e15 ? `less than once in 10¹⁵ ${of}` : `once in ${amount(runLength)} ${of}`);
function amount(n) {
  const [size, word] = n >= 1e12 ? [1e12, " trillion"] : n >= 1e9 ? [1e9, " billion"] : n >= 1e6 ? [1e6, " million"] : [1, ""];
  return `${three.format(n / size)}${word}`;
}
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
const STATUS = {
  drift: ["drifts", "bad"], quiet: ["quiet", "well"], learning: ["learning", "note"], starting: ["finding thresholds", "note"],
  "cannot be watched": ["cannot be watched", "note"],
};

// ---- the course ----

// What is far beyond the limit shall not make the rest a line at the bottom.
const MOST_LEVEL = 3;
const highest = (values) => Math.min(Math.max(0, ...values.map((v) => v.level)) * 1.05, MOST_LEVEL);

function courseChart(values) {
  const x = { field: "row", type: "quantitative", scale: { nice: false }, axis: { title: "rows", grid: false, tickCount: 4, labelFlush: true, labelExpr: "format(datum.value, '~s')" } };
  const y = { field: "level", type: "quantitative", scale: { domainMin: 0, domainMax: { expr: "max(1.25, most)" } }, axis: { title: null, values: [0, 1, 2, 3], format: "~g" } };
  return {
    ...sized(150, { left: 2, right: 6, top: 6, bottom: 3 }), params: [{ name: "most", value: highest(values) }],
    data: { name: "course", values }, config: config(INK),
    layer: [
      { mark: { type: "line", strokeWidth: 1.5, strokeJoin: "round", color: "var(--accent)", clip: true }, encoding: { x, y } },
      { data: { values: [{ level: 1 }] }, mark: { type: "rule", color: "var(--bad)", strokeWidth: 1.2, strokeDash: [5, 3] }, encoding: { y } },
    ],
  };
}

async function drawCourse(panel, document_) {
  if (!window.vegaEmbed) return;
  const values = document_.course.filter(([, level]) => level !== null).map(([row, level]) => ({ row, level })), most = highest(values);
  panel.course.hidden = values.length < 2;
  if (values.length < 2) return;
  if (panel.view) {
    panel.view.signal("most", most);
    await panel.view.data("course", values).runAsync();
  } else if (!panel.drawing) {
    panel.drawing = true;
    const result = await window.vegaEmbed(panel.course, courseChart(values), { ast: true, renderer: "svg", actions: false, defaultStyle: false, tooltip: false, config: { aria: false } });
    panel.view = result.view;
    panel.course.setAttribute("role", "img");
    panel.course.querySelector("svg").setAttribute("aria-hidden", "true");
  }
  panel.course.setAttribute("aria-label", `Alarm level over ${whole.format(document_.rows)} rows, the limit is 1; now ${three.format(values.at(-1).level)}`);
}

// ---- shares, then and now ----

function barOf(value, most, className) {
  const bar = make("i", { className });
  bar.style.width = `${(100 * value) / most}%`;
  return bar;
}

function barRows({ bins }) {
  const changed = bins.filter((bin) => bin.now).map((bin, i) => ({ ...bin, i, by: Math.abs(bin.now[0] - bin.then) })).filter((bin) => bin.then > 0 || bin.now[0] > 0);
  const shownBins = changed.length > MOST_BARS ? [...changed].sort((a, b) => b.by - a.by).slice(0, MOST_BARS).sort((a, b) => a.i - b.i) : changed;
  const most = Math.max(...shownBins.map((bin) => Math.max(bin.then, bin.now[0])), 1e-9);
  const rows = shownBins.map((bin) => {
    const both = make("td", { className: "bars" }, barOf(bin.then, most, "then"), barOf(bin.now[0], most, "now"));
    const moved = bin.now[1] > bin.then || bin.now[2] < bin.then, now = make("td", {}, percent(bin.now[0]));
    now.title = `95 %: ${percent(Math.max(bin.now[1], 0))} to ${percent(Math.min(bin.now[2], 1))}`;
    now.dataset.tone = moved ? "moved" : "";
    return make("tr", {}, make("th", { scope: "row" }, isolated(shorten(bin.name, 32))), both, make("td", {}, percent(bin.then)), now);
  });
  if (changed.length > shownBins.length) rows.push(make("tr", {}, make("td", { className: "text", colSpan: 4 }, `and ${changed.length - shownBins.length} others, which changed less`)));
  return rows;
}

function barTable(of) {
  const head = make("tr", {}, make("th", { scope: "col" }, make("span", { className: "unseen" }, "bin")), make("th", { scope: "col" }, make("span", { className: "unseen" }, "bars")),
    make("th", { scope: "col" }, "then"), make("th", { scope: "col" }, "now"));
  return make("table", { className: "shares" }, make("thead", {}, head), make("tbody", {}, ...barRows(of)));
}

// ---- what moved ----

function movedRows(document_) {
  const columns = document_.signals.filter((s) => ["column", "output", "missing"].includes(s.kind));
  columns.sort((a, b) => b.drifted - a.drifted || (b.psi?.[0] ?? 0) - (a.psi?.[0] ?? 0));
  return columns.slice(0, MOST_MOVED).map((s) => {
    const name = make("th", { scope: "row" }, isolated(shorten(s.name, 32))), psi = make("td", {}, s.psi ? Math.max(s.psi[0], 0).toFixed(3) : NOTHING);
    if (s.psi) psi.title = `population stability index, its bias removed; 95 %: ${s.psi[1].toFixed(3)} to ${s.psi[2].toFixed(3)}`;
    const shift = make("td", {}, s.shift ? signed(s.shift[0]) : NOTHING);
    if (s.shift) shift.title = `95 %: ${signed(s.shift[1])} to ${signed(s.shift[2])}`;
    const row = make("tr", {}, name, shift, psi, make("td", { className: "text" }, s.drifted ? often(s.run_length) : ""));
    row.dataset.tone = s.drifted ? "moved" : "";
    return row;
  });
}

function movedTable(document_) {
  const head = (text, title) => make("th", { scope: "col", title }, text);
  return make("table", { className: "shares" },
    make("thead", {}, make("tr", {}, head("", ""), head("shift", "of the mean, in standard deviations of the reference"), head("PSI", "population stability index, its bias removed"), head("without drift", "how rarely it is as high as now"))),
    make("tbody", {}, ...movedRows(document_)));
}

// ---- in words ----

function seriesWords(s) {
  const unit = (value) => (s.events ? share(value, 1) : s.unit === "ms" ? milliseconds(value) : three.format(value));
  if (s.status === "none came") return null;
  if (s.status === "learning") return `${s.name}: ${whole.format(s.learned)} of 2,000 seen to learn from`;
  if (!s.now) return `${s.name}: was ${unit(s.then)}, too few since to tell`;
  return `${s.name}: ${unit(s.now[0])}, was ${unit(s.then)}${s.status === "drift" ? `, ${often(s.run_length, s.name === "outcomes" ? "outcomes" : "requests")}` : ""}`;
}

function episodeItem(e, nowNs) {
  const until = e.until_row ? `over at row ${whole.format(e.until_row)}` : "it lasts";
  const item = make("li", {}, isolated(e.signal), ` since about row ${whole.format(e.since_row)}`);
  if (e.since_ns) item.append(" (", timeOf(e.since_ns, nowNs), ")");
  item.append(`, noticed at row ${whole.format(e.noticed_row)}, ${until}; ${often(e.run_length)}`);
  return item;
}

// To the requests of the bin that grew, in the table below.
function showCaptured(model) {
  $("filter-kind").selectedIndex = SHOWS.findIndex(([, [[key, value]]]) => key === "marks" && value === "drift");
  $("filter-model").value = model.name;
  $("filter-id").value = "";
  $("filter").dispatchEvent(new Event("change"));
  $("requests-title").scrollIntoView({ behavior: "smooth" });
}

function leadLine(model, d, state) {
  const [word, tone] = STATUS[d.status] ?? [d.status, ""], lead = make("span", { className: "drift-state" }, word), parts = [lead];
  lead.dataset.tone = tone;
  if (d.since_ns && ["drift", "quiet"].includes(d.status)) parts.push(" since ", timeOf(d.since_ns, state.time_ns));
  if (d.problem) parts.push(": ", isolated(d.problem));
  const isNear = model.drift.level > NEAR;
  if (d.words && d.rows && (d.status === "drift" || isNear)) parts.push(d.status === "drift" ? ": " : ". Nearest to its limit: ", isolated(d.words));
  parts.push(". ", `${whole.format(d.rows ?? 0)} rows watched`);
  if (d.dropped) parts.push(`, ${whole.format(d.dropped)} came too fast`);
  if (d.skipped) parts.push(`, ${whole.format(d.skipped)} without a column of the profile`);
  if (d.budget) parts.push("; false alarms: ", d.budget.words, d.budget.achieved ? `; in rehearsal ${three.format(d.budget.achieved[0])} times as long as asked` : "");
  return [...parts, "."];
}

function moreLines(model, d, state) {
  const lines = [], said = (d.series ?? []).map(seriesWords).filter(Boolean);
  if (d.examples && d.n_episodes > 0) {
    const link = button(`requests with '${shorten(d.examples.bin, 32)}' of ${shorten(d.examples.signal, 32)}`, () => showCaptured(model), { className: "link" });
    const numbers = d.examples.requests.slice(0, 5).flatMap((n, i) => [i ? ", " : "; the latest with such rows: ", make("a", { href: `#request=${n}` }, `${n}`)]);
    lines.push(make("p", { className: "note" }, "Kept with their bodies: ", link, ...numbers));
  }
  if (said.length) lines.push(make("p", { className: "note" }, said.join("; ")));
  if (d.episodes?.length) lines.push(make("details", {}, make("summary", {}, plural(d.n_episodes, "episode")), make("ol", { className: "episodes" }, ...d.episodes.map((e) => episodeItem(e, state.time_ns)).reverse())));
  return lines;
}

// ---- panels ----

function makePanel(model) {
  const figure = (title, more, box) => make("figure", {}, make("figcaption", {}, title, " ", make("span", {}, more)), box);
  const panel = { lead: make("p", { className: "drift-lead" }), course: make("div", { className: "chart course" }), shares: make("div", {}), moved: make("div", {}), more: make("div", {}), at: 0, rows: -1 };
  panel.triple = make("div", { className: "triple" }, figure("Alarm level", "1 is the limit", panel.course), figure("Clusters", "shares of rows, then and now", panel.shares), figure("What moved", "most", panel.moved));
  panel.root = make("div", { className: "of-model" }, make("h3", {}, isolated(nameOf(model))), panel.lead, panel.triple, panel.more);
  return panel;
}

function placePanels(models) {
  const key = models.map((m) => `${keyOf(m)} ${nameOf(m)}`).join();
  if (drifting.key === key) return;
  drifting.key = key;
  for (const { view } of drifting.panels.values()) view?.finalize();
  drifting.panels.clear();
  for (const model of models) drifting.panels.set(keyOf(model), makePanel(model));
  $("drift").replaceChildren(...[...drifting.panels.values()].map((panel) => panel.root));
  $("drift-section").hidden = models.length === 0;
}

async function fillPanel(panel, model, state) {
  const d = await get(`/v2/models/${encodeURIComponent(model.name)}/versions/${encodeURIComponent(model.version)}/drift`);
  panel.lead.replaceChildren(...leadLine(model, d, state));
  panel.more.replaceChildren(...moreLines(model, d, state));
  panel.triple.hidden = !d.rows || !d.signals;
  if (panel.triple.hidden) return;
  const clusters = d.bins.find((b) => d.signals.find((s) => s.name === b.signal)?.kind === "clusters") ?? d.bins[0];
  panel.shares.replaceChildren(barTable(clusters));
  panel.moved.replaceChildren(movedTable(d));
  await drawCourse(panel, d);
}

// What changed since the last time, and not more often than it can be read.
async function showDrift(state) {
  const models = state.models.filter(hasDrift);
  placePanels(models);
  if (document.hidden) return;
  for (const model of models) {
    const panel = drifting.panels.get(keyOf(model)), key = JSON.stringify([model.drift, window.vegaEmbed !== undefined]);
    if (panel.key === key || Date.now() - panel.at < DRIFT_PAUSE_MS || panel.busy) continue;
    Object.assign(panel, { key, at: Date.now(), busy: true });
    await fillPanel(panel, model, state).catch(() => { panel.key = null; });
    panel.busy = false;
  }
}
