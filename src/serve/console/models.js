// SPDX-License-Identifier: Apache-2.0
// The table of models, their charts, and loading and unloading.
"use strict";

const slicesOf = new Map(); // of a model's key: its slices by number
const shown = { rows: new Map(), charts: new Map(), at: null, drawn: 0 };

// ---- history ----

const KEPT_SLICES = 120;

function takeSlices(model) {
  const own = slicesOf.get(keyOf(model)) ?? new Map();
  for (const slice of model.slices) own.set(slice.number, slice);
  const newest = Math.max(...own.keys());
  for (const number of own.keys()) if (number <= newest - KEPT_SLICES || number > newest) own.delete(number);
  slicesOf.set(keyOf(model), own);
}
function takeHistory(history) {
  slicesOf.clear();
  history.models.forEach(takeSlices);
}
// Whether the last two slices that a state holds leave a gap behind what is known.
const leavesGap = (state) => state.models.some((model) => {
  const known = slicesOf.get(keyOf(model)), first = model.slices[0]?.number;
  return !known ? model.slices.length > 0 : first !== undefined && !known.has(first);
});
const slices = (model) => [...(slicesOf.get(keyOf(model))?.values() ?? [])].sort((a, b) => a.number - b.number);
const recentDeaths = (model) => slices(model).reduce((sum, slice) => sum + slice.deaths, 0);

// ---- the table ----

const CELLS = ["state", "requests", "failed", "refused", "p50", "p99", "queue", "workers", "memory", "cpu"];

function makeRow(key) {
  const name = make("th", { scope: "row" }), cells = CELLS.map((id) => make("td", { className: id }));
  const row = make("tr", {}, name, ...cells, make("td", { className: "actions" }));
  row.dataset.key = key;
  return row;
}

function stateWord(model) {
  if (model.breaker) return ["breaker open", "bad"];
  if (model.state === "ready") return model.workers > 0 && model.up < model.workers ? ["ready", "note"] : ["ready", "well"];
  return model.state === "failed" ? ["failed", "bad"] : ["starting", "note"];
}

const sayCrew = (model) => `${plural(model.starts, "start")}, ${plural(model.deaths, "death")}, `
  + `${plural(model.quarantined, "request")} quarantined. Limits: ${model.limits || "none"}`;

// A text, and a smaller one below it.
function putTwo(element, text, below) {
  if (element.children.length === 0) element.append(make("span"), make("small"));
  put(element.firstChild, text);
  put(element.lastChild, below);
}

function fillRow(row, model) {
  const { minute } = model, total = totalOf(minute), [word, tone] = stateWord(model), cell = (id) => row.querySelector(`td.${id}`);
  put(cell("state"), word);
  cell("state").dataset.tone = tone;
  put(cell("requests"), rate(total, minute.seconds));
  for (const [id, n, tone] of [["failed", minute.fault, "bad"], ["refused", minute.refused, "note"]]) {
    put(cell(id), total ? share(n, total) : NOTHING);
    cell(id).title = `${whole.format(n)} of ${whole.format(total)}`;
    cell(id).dataset.tone = n ? tone : "";
  }
  put(cell("p50"), milliseconds(minute.p50_ms));
  put(cell("p99"), milliseconds(minute.p99_ms));
  const crew = model.workers !== undefined;
  put(cell("queue"), crew ? whole.format(model.waiting) : NOTHING);
  putTwo(cell("workers"), crew ? `${model.up} of ${model.workers} up` : "in the server", crew ? `${model.busy} busy` : "");
  cell("workers").title = crew ? sayCrew(model) : "a fitted model, computed by the server itself";
  putTwo(cell("memory"), bytes(model.memory), model.peak_memory ? `peak ${bytes(model.peak_memory)}${model.workers > 1 ? " each" : ""}` : "");
  put(cell("cpu"), crew && minute.seconds > 0 ? share(minute.cpu_seconds, minute.seconds) : NOTHING);
}

const whatOf = (model) => (model.workers === undefined ? "fitted" : model.platform === "upstream" ? "a server elsewhere" : "a program");

// The name, what is worth saying of the version, and the buttons: made once.
function nameRow(row, model, first) {
  const notes = [`version ${model.version}`, whatOf(model)];
  if (model.weight > 0) notes.push(`weight ${say(model.weight)}`);
  if (model.shadow) notes.push("shadow");
  row.cells[0].replaceChildren(isolated(model.name), make("small", {}, notes.join(", ")));
  if (!first) return;
  row.querySelector(".actions").replaceChildren(button("reload", () => ask("load", model.name)), button("unload", () => ask("unload", model.name)));
}

function sayShadow(row, model) {
  if (!model.shadow || !model.compared) return;
  const text = `${whole.format(model.different)} of ${whole.format(model.compared)} answers differ`;
  let note = row.cells[0].querySelector(".differ");
  if (!note) row.cells[0].append(note = make("small", { className: "differ" }));
  put(note, text);
}

function unloadedRow(name) {
  const row = makeRow(`${name}:`);
  row.cells[0].append(isolated(name));
  put(row.querySelector(".state"), "unloaded");
  row.querySelector(".actions").append(button("load", () => ask("load", name)));
  return row;
}

// Which rows there are; they are made anew only when that changes.
function placeRows(state) {
  const key = JSON.stringify([state.models.map((m) => [keyOf(m), m.weight, m.shadow, m.platform]), state.unloaded]);
  if (shown.key === key) return;
  shown.key = key;
  shown.rows.clear();
  const seen = new Set();
  for (const model of state.models) {
    const row = makeRow(keyOf(model));
    nameRow(row, model, !seen.has(model.name));
    seen.add(model.name);
    shown.rows.set(keyOf(model), row);
  }
  $("models-body").replaceChildren(...shown.rows.values(), ...state.unloaded.map(unloadedRow));
  placeCharts(state);
}

function showModels(state) {
  placeRows(state);
  for (const model of state.models) {
    const row = shown.rows.get(keyOf(model));
    fillRow(row, model);
    sayShadow(row, model);
  }
  const seconds = Math.max(0, ...state.models.map((m) => m.minute.seconds));
  put($("models-note"), state.models.length > 0 && seconds < 55 ? `So far ${Math.round(seconds)} s of the minute.` : "");
}

// ---- load, unload ----

async function ask(what, name) {
  const words = what === "load"
    ? ["Load", "It is started anew from its configuration; the version that runs now answers until the new one is ready."]
    : ["Unload", "Requests for it are answered 404 until it is loaded again. Those that are under way are finished."];
  $("confirm-title").replaceChildren(`${words[0]} `, isolated(name), "?");
  put($("confirm-text"), words[1]);
  put($("confirm-yes"), words[0]);
  $("confirm-yes").classList.toggle("danger", what === "unload");
  $("confirm").returnValue = "no";
  $("confirm").showModal();
  await new Promise((resolve) => { $("confirm").addEventListener("close", resolve, { once: true }); });
  if ($("confirm").returnValue !== "yes") return;
  const response = await fetch(`/v2/repository/models/${encodeURIComponent(name)}/${what}`, { method: "POST" });
  if (response.ok) return;
  const { error } = await response.json().catch(() => ({ error: `the server answered ${response.status}` }));
  put($("models-note"), `${words[0]}ing ${name} failed: ${error}`);
}

// ---- charts ----

const legendOf = {
  traffic: [...OUTCOMES.map(([word, , colour]) => [word, colour]), ["✕ a worker died", null]],
  latency: [["p50", "var(--accent)"], ["p99", "var(--p99)"]],
  phases: PHASES.map((phase, i) => [phase, phaseColours[i]]),
};

function keyOfColours(kind) {
  return make("span", { className: "key" }, ...legendOf[kind.id].map(([word, colour]) => {
    const swatch = make("i");
    if (colour === null) return make("span", { className: "died" }, word);
    swatch.style.background = colour;
    return make("span", {}, swatch, word);
  }));
}

function placeCharts(state) {
  for (const entry of shown.charts.values()) for (const { view } of entry.views) view?.finalize();
  shown.charts.clear();
  const rows = state.models.map((model, i) => {
    const views = KINDS.map((kind) => ({ kind, view: null, box: make("div", { className: "chart timed" }) }));
    const figures = views.map(({ kind, box }) =>
      make("figure", {}, make("figcaption", {}, kind.title, " ", make("span", {}, kind.unit), i === 0 ? keyOfColours(kind) : ""), box));
    shown.charts.set(keyOf(model), { model, views });
    return make("div", { className: "of-model" }, make("h3", {}, isolated(nameOf(model))), make("div", { className: "triple" }, ...figures));
  });
  $("charts").replaceChildren(...rows);
  $("charts-section").hidden = rows.length === 0;
  shown.drawn = 0;
}

async function drawOne(entry, values) {
  const { vegaEmbed } = window;
  if (!vegaEmbed || entry.begun) return;
  entry.begun = true;
  const result = await vegaEmbed(entry.box, entry.kind.chart(values), {
    ast: true, renderer: "svg", actions: false, defaultStyle: false, tooltip: false, config: { aria: false },
  });
  entry.view = result.view;
  entry.box.setAttribute("role", "img");
  entry.box.querySelector("svg").setAttribute("aria-hidden", "true");
  entry.box.addEventListener("pointermove", (event) => lookAt(momentUnder(entry, event)));
  entry.box.addEventListener("pointerleave", () => lookAt(null));
}

// Slices that are over; drawn when there is one more.
async function drawCharts(state) {
  const newest = Math.max(0, ...state.models.map((m) => (m.slices.at(-1)?.number ?? 0) - 1));
  if (newest === shown.drawn || !window.vegaEmbed || document.hidden) return;
  shown.drawn = newest;
  for (const { model, views } of shown.charts.values()) {
    const known = slices(model).filter((slice) => slice.number <= newest && slice.number > newest - KEPT_SLICES);
    for (const entry of views) {
      const values = entry.kind.data(known, newest), isEmpty = !values.some(entry.kind.isSeen);
      entry.box.classList.toggle("empty", isEmpty);
      if (isEmpty) continue;
      if (entry.view) await entry.view.data("slices", values).runAsync();
      else await drawOne(entry, values);
      entry.box.setAttribute("aria-label", sayChart(entry.kind, known));
    }
  }
  if (shown.at === null) sayMoment();
  document.body.dataset.drawn = `${newest}`;
}

function momentUnder({ view }, event) {
  const x = event.clientX - event.currentTarget.getBoundingClientRect().left - view.origin()[0];
  const ago = Math.round((x / view.width() - 1) * (SECONDS / 5)) * 5;
  return ago > 0 || ago < -SECONDS ? null : ago;
}

function lookAt(at) {
  if (at === shown.at) return;
  shown.at = at;
  for (const { views } of shown.charts.values()) for (const { view } of views) view?.signal("at", at).runAsync();
  sayMoment();
}

function saySlice(slice) {
  const often = (n) => rate(n, slice.seconds);
  const words = [often(totalOf(slice)), slice.fault && `${often(slice.fault)} failed`, slice.refused && `${often(slice.refused)} refused`,
    slice.success && `p50 ${milliseconds(slice.p50_ms)}, p99 ${milliseconds(slice.p99_ms)}`, slice.deaths && plural(slice.deaths, "death"),
    slice.waiting && `${slice.waiting} waited`];
  return words.filter(Boolean).join(", ");
}

// What every model did at the moment that is looked at.
function sayMoment() {
  const { at } = shown, state = latest(), number = shown.drawn + (at ?? 0) / 5;
  const when = state.time_ns - (Math.max(...state.models.map((m) => m.slices.at(-1)?.number ?? 0)) - number) * 5e9;
  const parts = [make("b", { className: "k" }, at === null ? "now" : timeOf(when, state.time_ns))];
  for (const { model } of shown.charts.values()) {
    const slice = slicesOf.get(keyOf(model))?.get(number);
    parts.push(make("span", {}, isolated(nameOf(model)), " ", make("b", {}, slice ? saySlice(slice) : "nothing known")));
  }
  $("readout").replaceChildren(...parts);
}

function walk(event) {
  const step = { ArrowLeft: -5, ArrowRight: 5, Home: -Infinity, End: Infinity, PageUp: -60, PageDown: 60 }[event.key];
  if (event.key === "Escape") lookAt(null);
  if (!step) return;
  event.preventDefault();
  lookAt(Math.min(Math.max((shown.at ?? 0) + step, -SECONDS + 5), 0));
}
