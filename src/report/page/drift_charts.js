// SPDX-License-Identifier: Apache-2.0
// The charts of drift, as Vega-Lite specifications. Colours are the page's own properties, as in charts.js.
"use strict";

const THEN = "var(--then)", NOW = "var(--now)";
const ROW_STEP = 30;
const rowsHigh = (n) => sized(n * ROW_STEP + 34, { left: 0, right: 8, top: 4, bottom: 4 }, "fit");

// ---- the course ----

// Levels from far below the limit to far above can be seen at once.
function courseChart(points, episodes, last) {
  const most = Math.max(1.5, ...points.map((p) => p.level));
  const x = {
    field: "row", type: "quantitative", scale: { domain: [0, last], nice: false },
    axis: { title: "row", grid: false, tickCount: 8, format: ",d", labelOverlap: true },
  };
  const y = {
    field: "level", type: "quantitative", scale: { type: "symlog", constant: 1, domain: [0, most * 1.1], nice: false },
    axis: { title: "alarm level", values: [0, 0.5, 1, 2, 4, 8, 16, 32, 64, 128].filter((v) => v <= most), ...plainNumbers },
  };
  const shade = {
    data: { values: episodes }, mark: { type: "rect", color: "var(--shade)" },
    encoding: { x: { ...x, field: "from" }, x2: { field: "to" }, y: { value: 0 }, y2: { value: "height" } },
  };
  const begin = {
    data: { values: episodes }, mark: { type: "rule", color: NOW, strokeDash: [3, 3] }, encoding: { x: { ...x, field: "from" } },
  };
  const limit = [
    { data: { values: [{ level: 1 }] }, mark: { type: "rule", color: "var(--ink)", strokeWidth: 1 }, encoding: { y } },
    {
      data: { values: [{ level: 1 }] }, mark: { type: "text", align: "left", baseline: "bottom", dx: 4, dy: -3, text: "limit", color: "var(--ink)" },
      encoding: { x: { value: 0 }, y },
    },
  ];
  const line = {
    mark: { type: "line", color: "var(--accent)", strokeWidth: 1.5, strokeJoin: "round", interpolate: "linear" },
    encoding: { x, y },
  };
  const targets = {
    mark: { type: "rule", strokeWidth: 8, opacity: 0 },
    encoding: { x, tooltip: [{ field: "row", title: "row", format: ",d" }, { field: "said", title: "alarm level" }] },
  };
  return {
    ...sized(240, { left: 2, right: 6, top: 6, bottom: 3 }), data: { values: points }, config: config(INK),
    layer: [shade, begin, ...limit, line, targets],
  };
}

// ---- rows of names ----

const nameAxis = (names, width) => ({
  field: "name", type: "nominal", scale: { domain: names }, sort: null,
  axis: { title: null, labelLimit: width, labelFontSize: 12, labelColor: "var(--ink)", grid: true, labelExpr: "shown[datum.value]" },
});
const shownNames = (values) => ({ name: "shown", value: Object.fromEntries(values.map((v) => [v.name, v.shown])) });
const zeroLine = { data: { values: [{ at: 0 }] }, mark: { type: "rule", color: "var(--quiet)" }, encoding: { x: { field: "at", type: "quantitative" } } };

// Shares then and now, with the interval that the share now may be in.
function populationChart(values, width) {
  const y = nameAxis(values.map((v) => v.name), width);
  const most = Math.max(...values.map((v) => Math.max(v.reference, v.now, v.to)));
  const x = {
    type: "quantitative", scale: { domain: [0, most * 1.05 || 1], nice: false }, axis: { title: "share of the rows", format: ".0~%", tickCount: 6 },
  };
  const tooltip = [
    { field: "title", title: "population" }, { field: "then_said", title: "reference" }, { field: "now_said", title: "now" },
    { field: "change_said", title: "change (95 %)" },
  ];
  return {
    ...rowsHigh(values.length), data: { values }, params: [shownNames(values)], config: config(INK),
    layer: [
      { mark: { type: "rule", strokeWidth: 2, color: "var(--quiet)" }, encoding: { y, x: { ...x, field: "reference" }, x2: { field: "now" } } },
      { mark: { type: "rule", strokeWidth: 6, color: NOW, opacity: 0.3 }, encoding: { y, x: { ...x, field: "from" }, x2: { field: "to" } } },
      { mark: { type: "point", filled: true, size: 80, fill: "var(--paper)", stroke: THEN, strokeWidth: 2, opacity: 1 }, encoding: { y, x: { ...x, field: "reference" }, tooltip } },
      { mark: { type: "point", filled: true, size: 80, color: NOW, opacity: 1 }, encoding: { y, x: { ...x, field: "now" }, tooltip } },
    ],
  };
}

// A value with its interval, a row each; those that drifted stand out.
function intervalChart(values, { value, low, high, title, width, format = "~g" }) {
  const y = nameAxis(values.map((v) => v.name), width), x = { type: "quantitative", axis: { title, tickCount: 5, format } };
  const colour = { condition: { test: "datum.drifted", value: NOW }, value: "var(--quiet)" };
  const tooltip = [{ field: "title", title: "column" }, { field: "change", title: "changed" }, { field: `${value}_said`, title }];
  const known = [{ filter: `isValid(datum.${value})` }];
  return {
    ...rowsHigh(values.length), data: { values }, params: [shownNames(values)], config: config(INK),
    layer: [
      zeroLine,
      { transform: known, mark: { type: "rule", strokeWidth: 3, opacity: 0.5 }, encoding: { y, x: { ...x, field: low }, x2: { field: high }, color: colour } },
      {
        transform: known, mark: { type: "point", filled: true, size: 70, opacity: 1, cursor: "pointer" },
        encoding: { y, x: { ...x, field: value }, color: colour, tooltip },
      },
      { // whole rows can be pressed, and have a name where they have no value
        mark: { type: "bar", fill: "transparent", cursor: "pointer" }, encoding: { y, x: { value: 0 }, x2: { value: "width" }, tooltip },
      },
    ],
  };
}

// The shares of one signal's bins.
function binsChart(bins) {
  const x = {
    field: "name", type: "nominal", sort: null, scale: { domain: bins.map((b) => b.name) },
    axis: { title: null, grid: false, labelAngle: bins.length > 4 ? -40 : 0, labelLimit: 150, labelOverlap: false, labelExpr: "shown[datum.value]" },
  };
  const values = bins.flatMap((b) => [
    { ...b, who: "then", share: b.reference, said: b.then_said }, { ...b, who: "now", share: b.now, said: b.now_said },
  ]);
  const y = { field: "share", type: "quantitative", axis: { title: "share of the rows", format: ".0~%", tickCount: 5 } };
  const offset = { field: "who", sort: ["then", "now"] };
  return {
    ...sized(300, { left: 2, right: 2, top: 6, bottom: 3 }), data: { values }, params: [shownNames(bins)], config: config(INK),
    layer: [
      {
        mark: { type: "bar", cornerRadiusEnd: 2 },
        encoding: {
          x, y, xOffset: offset,
          fill: { condition: { test: "datum.who === 'now'", value: NOW }, value: "transparent" },
          stroke: { condition: { test: "datum.who === 'now'", value: NOW }, value: THEN },
          tooltip: [{ field: "title", title: "bin" }, { field: "who", title: "when" }, { field: "said", title: "share" }, { field: "change_said", title: "change (95 %)" }],
        },
      },
      {
        transform: [{ filter: "datum.who === 'now'" }], mark: { type: "rule", strokeWidth: 1.5, color: "var(--ink)" },
        encoding: { x, xOffset: offset, y: { ...y, field: "from" }, y2: { field: "to" } },
      },
    ],
  };
}
