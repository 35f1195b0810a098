// SPDX-License-Identifier: Apache-2.0
// The charts over the last ten minutes. `at` is the moment that is looked at, in seconds before now, or null.
"use strict";

const SECONDS = 600;
const OUTCOMES = [["answered", "success", "var(--accent)"], ["refused", "refused", "var(--quiet)"], ["failed", "fault", "var(--bad)"]];
const phaseColours = PHASES.map((phase) => `var(--${phase})`);

const timeAxis = {
  field: "ago", type: "quantitative", scale: { domain: [-SECONDS, 0], nice: false },
  axis: {
    title: null, grid: false, values: [-600, -300, 0], labelFlush: true,
    labelExpr: "datum.value === 0 ? 'now' : '−' + format(-datum.value / 60, 'd') + ' min'",
  },
};
const AT = { name: "at", value: null };
const atRule = {
  data: { values: [{}] }, mark: { type: "rule", color: "var(--muted)", strokeWidth: 1 },
  encoding: {
    x: { ...timeAxis, field: undefined, datum: { expr: "at === null ? -600 : at" } },
    opacity: { value: { expr: "at === null ? 0 : 0.7" } },
  },
};
const overTime = (values, layer) => ({
  ...sized(150, { left: 2, right: 6, top: 6, bottom: 3 }), params: [AT], data: { name: "slices", values }, layer, config: config(INK),
});
const coloured = (domain, range) => ({ field: "what", type: "nominal", scale: { domain, range }, legend: null });
const stacked = (field, axis) => ({ field, type: "quantitative", stack: "zero", axis });
const valueAxis = (extra) => ({ title: null, tickCount: 4, ...plainNumbers, ...extra });

// Milliseconds, in the unit that fits.
const TIME_LABEL = "datum.value === 0 ? '0' : datum.value < 1 ? format(datum.value * 1000, ',~g') + ' µs'"
  + " : datum.value < 1000 ? format(datum.value, ',~g') + ' ms' : format(datum.value / 1000, ',~g') + ' s'";
const LOG_TICKS = [-3, -2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) => [10 ** power, 3 * 10 ** power]);
const X_MARK = "M-1-.6L-.6-1L0-.4L.6-1L1-.6L.4 0L1 .6L.6 1L0 .4L-.6 1L-1 .6L-.4 0Z";

function trafficChart(values) {
  const color = coloured(OUTCOMES.map(([word]) => word), OUTCOMES.map(([, , colour]) => colour));
  return overTime(values, [
    {
      mark: { type: "area", interpolate: "linear", line: false, opacity: 0.85 },
      encoding: { x: timeAxis, y: stacked("rate", valueAxis()), color, order: { field: "order" } },
    },
    {
      transform: [{ filter: "datum.deaths > 0" }],
      mark: { type: "point", shape: X_MARK, filled: true, size: 70, opacity: 1, color: "var(--bad)" },
      encoding: { x: timeAxis, y: { value: 5 } },
    },
    atRule,
  ]);
}

function latencyChart(values) {
  const y = {
    field: "ms", type: "quantitative", scale: { type: "log", nice: true },
    axis: { title: null, values: LOG_TICKS, labelOverlap: true, labelExpr: TIME_LABEL },
  };
  const color = coloured(["p50", "p99"], ["var(--accent)", "var(--p99)"]);
  return overTime(values, [
    {
      mark: { type: "line", strokeWidth: 1.5, strokeJoin: "round", strokeCap: "round", invalid: "break-paths-filter-domains" },
      encoding: { x: timeAxis, y, color },
    },
    atRule,
  ]);
}

function phasesChart(values) {
  const color = coloured(PHASES, phaseColours);
  return overTime(values, [
    {
      mark: { type: "area", opacity: 0.9 },
      encoding: { x: timeAxis, y: stacked("ms", valueAxis({ labelExpr: TIME_LABEL })), color, order: { field: "order" } },
    },
    atRule,
  ]);
}

// ---- their data: of slices that are over, the newest of which has this number ----

const agoOf = (slice, newest) => (slice.number - newest) * 5;
const trafficData = (slices, newest) => slices.flatMap((s) => OUTCOMES.map(([what, field], order) => ({
  ago: agoOf(s, newest), what, order: -order, rate: s.seconds > 0 ? s[field] / s.seconds : 0, deaths: order === 0 ? s.deaths : 0,
})));
const latencyData = (slices, newest) => slices.flatMap((s) =>
  [["p50", s.p50_ms], ["p99", s.p99_ms]].map(([what, ms]) => ({ ago: agoOf(s, newest), what, ms })));
const phasesData = (slices, newest) => slices.flatMap((s) =>
  PHASES.map((what, order) => ({ ago: agoOf(s, newest), what, order, ms: s.phase_ms[order] })));

const KINDS = [
  { id: "traffic", title: "Requests", unit: "a second", chart: trafficChart, data: trafficData, isSeen: (d) => d.rate > 0 || d.deaths > 0 },
  { id: "latency", title: "Latency", unit: "of answers", chart: latencyChart, data: latencyData, isSeen: (d) => d.ms > 0 },
  { id: "phases", title: "Where the time goes", unit: "mean of an answer", chart: phasesChart, data: phasesData, isSeen: (d) => d.ms > 0 },
];

// For those who do not see it.
function sayChart(kind, slices) {
  const last = slices.at(-1);
  if (!last) return `${kind.title}: nothing yet`;
  if (kind.id === "traffic") return `Requests a second, now ${OUTCOMES.map(([word, field]) => `${rate(last[field], last.seconds)} ${word}`).join(", ")}`;
  if (kind.id === "latency") return `Latency, now p50 ${milliseconds(last.p50_ms)}, p99 ${milliseconds(last.p99_ms)}`;
  return `Mean time of an answer, now ${PHASES.map((phase, i) => `${phase} ${milliseconds(last.phase_ms[i])}`).join(", ")}`;
}
