// SPDX-License-Identifier: Apache-2.0
// Every run of a study: its loss over its compute, beside the baseline's law.
"use strict";

const KINDS = {
  probe: { word: "probe of a rate", colour: "var(--quiet)", fill: "transparent", size: 12 },
  design: { word: "design", colour: "var(--quiet)", fill: "var(--quiet)", size: 22 },
  recipe: { word: "full recipe", colour: "var(--hurts)", fill: "var(--hurts)", size: 46 },
  baseline: { word: "baseline", colour: "var(--accent)", fill: "var(--accent)", size: 46 },
};
const SIGNS = { done: "circle", transition: "cross", diverged: "triangle-up" };
const kindOf = (run) => (run.purpose === "probe" ? "probe" : isBaseline(run) ? "baseline" : isRecipe(run) ? "recipe" : "design");
const isAt = (run, index) => study.study.factors.every((f) => run.levels[f.name] === f.levels[index]);
const isBaseline = (run) => isAt(run, 0);
const isRecipe = (run) => isAt(run, 1);
const stateOf = (run) => (run.outcome === "diverged" ? "diverged" : run.transition ? "transition" : "done");

// Sideways, by its number, so that equal computes do not hide each other.
function spreadOf(known) {
  const logs = [...new Set(known.map((r) => Math.log(r[account.field])).map((l) => l.toFixed(2)))].map(Number).sort((a, b) => a - b);
  const gaps = logs.slice(1).map((l, i) => l - logs[i]).filter((g) => g > 0.3);
  const room = 0.16 * Math.min(2.2, ...gaps);
  return (run) => Math.exp(room * (((run.id * 0.6180339887) % 1) - 0.5));
}

const differs = (run) => study.study.factors.filter((f) => run.levels[f.name] !== f.levels[0]).map((f) => `${f.name}=${run.levels[f.name]}`).join(", ") || "baseline";

function shownRuns() {
  const known = study.runs.filter((r) => r[account.field] > 0 && (r.outcome === "diverged" || (r.outcome === "done" && r.loss !== null)));
  const spread = spreadOf(known);
  return known.map((r) => ({
    id: `${r.id}`, kind: kindOf(r), state: stateOf(r), x: r[account.field] * spread(r), loss: r.loss, scale: alone(r.scale), what: alone(shorten(differs(r), 90)),
    said: r.outcome === "diverged" ? "diverged" : `${say(r.loss)}${r.transition ? ", in transition" : ""}`, rate: r.rate ? `${say(r.rate)}×` : "–",
  }));
}

const lossAt = (compute) => law.irreducible[0] + law.level * (compute / law.central_compute) ** -law.exponent[0];

// The law where it was fitted, and beyond.
function lawLine() {
  if (!law) return [];
  const fitted = scales.filter((s) => !s.held_out && s.compute > 0).map((s) => s.compute), all = scales.filter((s) => s.compute > 0).map((s) => s.compute);
  const [low, middle, high] = [Math.min(...fitted), Math.max(...fitted), Math.max(...all, study.held_out?.compute ?? 0)];
  const curve = (from, to, part) => Array.from({ length: 41 }, (_, i) => from * (to / from) ** (i / 40)).map((x) => ({ x, loss: lossAt(x), part }));
  return [...curve(low / 1.3, middle, "fitted"), ...curve(middle, high * 1.3, "beyond")];
}

function runsChart(values, wide) {
  const held = study.held_out, curve = lawLine(), known = values.filter((v) => v.state !== "diverged");
  const losses = [...known.map((v) => v.loss), ...curve.map((p) => p.loss), ...(held ? held.predicted.filter((v) => v !== null) : [])];
  const [least, most] = [Math.min(...losses), Math.max(...losses)], domain = [least / (most / least) ** 0.06, most * (most / least) ** 0.12];
  const spans = [...values, ...curve].map((v) => v.x), span = [Math.min(...spans) / 1.25, Math.max(...spans) * (held ? 1.6 : 1.25)];
  const x = {
    field: "x", type: "quantitative", scale: { type: "log", domain: span, nice: false },
    axis: { title: account.unit, grid: false, values: powerMarks(span, isNarrow(wide) ? 5 : 9), labelExpr: AS_POWER, labelOverlap: true },
  };
  const y = { field: "loss", type: "quantitative", scale: { type: "log", domain, nice: false }, axis: { title: `${study.study.metric}, lower is better`, values: linearMarks(domain, 8), format: "~g" } };
  const line = (part, dash) => ({ data: { values: curve.filter((p) => p.part === part) }, mark: { type: "line", color: "var(--accent)", strokeWidth: 2, strokeDash: dash, clip: true }, encoding: { x, y } });
  return {
    ...sized(420, { left: 2, right: 8, top: 6, bottom: 3 }), config: config(INK), data: { values },
    layer: [...floorLayers(domain, y), line("fitted", [1, 0]), line("beyond", [5, 4]), ...runLayers(x, y), ...(held ? heldLayers(held, x, y, isNarrow(wide) ? 20 : 34) : [])],
  };
}

function runLayers(x, y) {
  const tooltip = [{ field: "what", title: "run" }, { field: "scale", title: "scale" }, { field: "said", title: study.study.metric }, { field: "rate", title: "rate" }, { field: "id", title: "number" }];
  const mark = (kind, state) => ({
    transform: [{ filter: `datum.kind === '${kind}' && datum.state === '${state}'` }], encoding: { x, y: state === "diverged" ? { value: 7 } : y, tooltip },
    mark: {
      type: "point", shape: SIGNS[state], size: KINDS[kind].size * (state === "done" ? 1 : 1.8), opacity: 1, strokeWidth: state === "transition" ? 1 : 1.3, clip: false,
      stroke: state === "done" ? KINDS[kind].colour : "var(--ink)", fill: state === "diverged" ? "var(--paper)" : state === "done" ? KINDS[kind].fill : "var(--paper)",
    },
  });
  return Object.keys(KINDS).flatMap((kind) => Object.keys(SIGNS).map((state) => mark(kind, state)));
}

// What no model gets below, where it is in sight.
function floorLayers(domain, y) {
  if (!law || law.irreducible[0] < domain[0]) return [];
  const values = [{ loss: law.irreducible[0] }];
  return [
    { data: { values }, mark: { type: "rule", color: "var(--muted)", strokeDash: [2, 3] }, encoding: { y } },
    { data: { values }, mark: { type: "text", align: "left", baseline: "bottom", dx: 4, dy: -3, text: "irreducible", color: "var(--muted)" }, encoding: { x: { value: 0 }, y } },
  ];
}

// What was predicted is a bracket; what came, a ring in it; both beside the runs.
function heldLayers(held, x, y, xOffset) {
  const [value, low, high] = held.predicted;
  const values = [{ x: held.compute, loss: value, low, high, said: withEnds(held.predicted, digits4) }];
  const tooltip = [{ field: "said", title: "predicted" }];
  const tick = (field) => ({ mark: { type: "tick", orient: "horizontal", size: 18, thickness: 2.5, color: "var(--ink)", xOffset }, encoding: { x, y: { ...y, field }, tooltip } });
  const layers = [{ mark: { type: "rule", strokeWidth: 2.5, color: "var(--ink)", xOffset }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, tooltip } }, tick("low"), tick("high")];
  if (held.measured !== null) {
    layers.push({
      data: { values: [{ x: held.compute, loss: held.measured, said: digits4(held.measured) }] }, encoding: { x, y, tooltip: [{ field: "said", title: "measured, mean" }] },
      mark: { type: "point", size: 170, stroke: "var(--ink)", fill: "transparent", strokeWidth: 2.2, opacity: 1, xOffset },
    });
  }
  return layers.map((layer) => ({ data: { values }, ...layer }));
}
const digits4 = (x) => x.toPrecision(4);
