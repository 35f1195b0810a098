// SPDX-License-Identifier: Apache-2.0
// The charts, as Vega-Lite specifications. Colours are the page's own properties, so that dark mode and print need no
// new drawing; only the scatter, which is a canvas, cannot read them. Charts over k have a parameter `at`, the k that is
// looked at, and charts of clusters `picked`, the cluster that is; both are null at first.
"use strict";

const INK_OF_CANVAS = { ink: "#808890", muted: "#808890", grid: "#80808028" };

const AT = { name: "at", value: null };
const PICKED = { name: "picked", value: null };
const ifPicked = (yes, no, other) => ({
  condition: [{ test: "picked === null", value: yes }, { test: "datum.cluster === picked", value: other ?? yes }],
  value: no,
});

// ---- over k ----

const kScale = (points) => ({
  field: "k", type: "quantitative",
  scale: { domain: [points[0].k - 0.5, points.at(-1).k + 0.5], nice: false, zero: false },
});
const kAxis = (count) => ({ grid: false, tickMinStep: 1, tickCount: count, format: "d", labelFlush: false });

// Invisible columns, one a k, that the pointer meets wherever it is.
const targets = (points) => ({
  data: { values: points.map(({ k }) => ({ k, from: k - 0.5, to: k + 0.5 })) },
  mark: { type: "rect", fill: "transparent", cursor: "crosshair" },
  encoding: {
    x: { ...kScale(points), field: "from" }, x2: { field: "to" },
    y: { value: 0 }, y2: { value: "height" },
    fill: { condition: { test: "datum.k === at", value: "var(--wash)" }, value: "transparent" },
  },
});

// A line of one value over k, with the point that is looked at.
function lineLayers(points, y, axis) {
  const x = { ...kScale(points), axis };
  return [
    { mark: { type: "line", color: "var(--quiet)", strokeWidth: 1.5, strokeJoin: "round" }, encoding: { x, y } },
    {
      mark: { type: "point", filled: true, size: 50, color: "var(--ink)" },
      encoding: { x, y, opacity: { condition: { test: "datum.k === at", value: 1 }, value: 0 } },
    },
  ];
}

// A k that somebody chose: a point on the line, and beside it or (where it says so) on top of the chart, what chose it.
function choiceLayers(points, y, choice, { colour, filled, line, rule = true }) {
  const x = kScale(points), transform = [{ filter: `datum.k === ${choice.k}` }];
  const right = choice.k <= (points[0].k + points.at(-1).k) / 2;
  const label = {
    type: "text", align: right ? "left" : "right", dx: right ? 9 : -9, dy: 16, fontSize: 12, fontWeight: 600, text: choice.label,
  };
  const halo = { ...label, color: "var(--paper)", stroke: "var(--paper)", strokeWidth: 4, strokeJoin: "round" };
  const place = { x, y: line === undefined ? y : { value: 16 * line - 8 } };
  return [
    ...(rule ? [{ transform, mark: { type: "rule", color: colour, strokeDash: [3, 3], strokeWidth: 1 }, encoding: { x } }] : []),
    {
      transform, encoding: { x, y },
      mark: { type: "point", filled: true, size: 90, fill: filled ? colour : "var(--paper)", stroke: colour, strokeWidth: 2, opacity: 1 },
    },
    ...(choice.label ? [halo, { ...label, color: colour }].map((mark) => ({ transform, mark, encoding: place })) : []),
  ];
}

// Numbers on an axis: "12k" where they are that large, "4e14" where larger, but 0.5 is no "500m".
// With "4e14" where they are larger.
function numbersOf(points, field) {
  const most = Math.max(...points.map((p) => Math.abs(p[field] ?? 0)));
  if (most >= 1e12) return { labelExpr: "datum.value === 0 ? '0' : replace(format(datum.value, '.3~e'), 'e+', 'e')" };
  return most >= 10000 ? { labelExpr: "format(datum.value, '~s')" } : plainNumbers;
}

function overK(points, height, layers, title = null) {
  const layer = [targets(points), ...layers];
  for (const { encoding } of layer) if (encoding.x) encoding.x = { ...encoding.x, title };
  return {
    ...sized(height, { left: 2, right: 2, top: 6, bottom: 3 }),
    params: [AT], data: { values: points }, layer, config: config(INK),
  };
}
const K_TITLE = "number of clusters, k";

// Inertia, with the elbow; the answer stands beside it.
function elbowChart(points, elbow, answer) {
  const y = { field: "inertia", type: "quantitative", axis: { title: "inertia", ...numbersOf(points, "inertia"), tickCount: 5 } };
  const same = elbow && answer && elbow === answer.k;
  const layers = lineLayers(points, y, kAxis(8));
  if (answer && !same)
    layers.push(...choiceLayers(points, y, { k: answer.k, label: `${answer.who}: ${answer.k}` },
      { colour: "var(--accent)", filled: true, line: 0 }));
  if (elbow)
    layers.push(...choiceLayers(points, y, { k: elbow, label: same ? `elbow and ${answer.who}: ${elbow}` : `elbow: ${elbow}` },
      { colour: "var(--ink)", filled: false, line: answer && !same ? 1 : 0 }));
  return overK(points, 300, layers, K_TITLE);
}

// By how much a likelihood with a price falls short of its best, on a scale on which 2, 10 and 1000 can all be seen;
// with a band for what differences of BIC leave open.
function shortOfBestChart(points, { name: field, title, short: who, scale }, choice) {
  const highest = Math.max(...points.map((p) => p[field] ?? -Infinity));
  const short = points.map((p) => ({ ...p, short: p[field] === null ? null : highest - p[field] }));
  const most = Math.max(20, ...short.map((p) => p.short ?? 0)), steps = [0, 2, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
  const y = {
    field: "short", type: "quantitative", scale: { type: "symlog", constant: 2, reverse: true, domain: [0, most * 1.15], nice: false },
    axis: {
      title: `${title}, below the best`, values: steps.filter((s) => s <= most),
      labelExpr: "datum.value === 0 ? 'best' : '−' + format(datum.value, '~s')",
    },
  };
  const band = {
    data: { values: [{ from: 0, to: 10 }] }, mark: { type: "rect", color: "var(--wash)" },
    encoding: { y: { ...y, field: "from" }, y2: { field: "to" } },
  };
  const x = kScale(points);
  const dots = { mark: { type: "point", filled: true, size: 22, color: "var(--quiet)", opacity: 1 }, encoding: { x, y } };
  const layers = [...(scale === "bic" ? [band] : []), ...lineLayers(points, y, kAxis(8)), dots];
  if (choice)
    layers.push(...choiceLayers(points, y, { k: choice, label: `${who}: ${choice}` }, { colour: "var(--accent)", filled: true }));
  return { ...overK(points, 300, layers, K_TITLE), data: { values: short } };
}

function criterionChart(points, { name: field, title }, choice) {
  const y = { field, type: "quantitative", scale: { zero: false }, axis: { title, ...numbersOf(points, field), tickCount: 5 } };
  const layers = lineLayers(points, y, kAxis(8));
  if (points.some((p) => p.k === choice && p[field] !== null))
    layers.push(...choiceLayers(points, y, { k: choice, label: `${title}: ${choice}` }, { colour: "var(--accent)", filled: true }));
  return overK(points, 300, layers, K_TITLE);
}

// One of many: small, with its choice, and a line where the answer is.
function smallChart(points, field, choice, answer) {
  const y = {
    field, type: "quantitative", scale: { zero: false },
    axis: { title: null, ...numbersOf(points, field), tickCount: 3, labelFontSize: 10, labelLimit: 60 },
  };
  const x = kScale(points), at = { transform: [{ filter: `datum.k === ${answer}` }] };
  const layers = [
    ...(answer ? [{ ...at, mark: { type: "rule", color: "var(--accent)", strokeWidth: 1, opacity: 0.55 }, encoding: { x } }] : []),
    ...lineLayers(points, y, { ...kAxis(4), labelFontSize: 10 }),
  ];
  const defined = points.some((p) => p.k === choice && p[field] !== null); // some rules choose what has no value
  const agrees = choice === answer, style = { colour: agrees ? "var(--accent)" : "var(--ink)", filled: agrees, rule: false };
  if (defined) layers.push(...choiceLayers(points, y, { k: choice }, style));
  return overK(points, 96, layers);
}

function halvesChart(points, halves, answer, most) {
  const values = points.map(({ k }) => ({ k, from: k - 0.36, to: k + 0.36, halves: halves[k] ?? 0 }));
  const y = {
    field: "halves", type: "quantitative", scale: { domain: [0, most] },
    axis: { title: "random halves", tickMinStep: 1, tickCount: 4, format: "d" },
  };
  return {
    ...overK(points, 190, [
      {
        mark: { type: "rect", cornerRadiusTopLeft: 2, cornerRadiusTopRight: 2 },
        encoding: {
          x: { ...kScale(points), field: "from", axis: kAxis(8) }, x2: { field: "to" }, y, y2: { datum: 0 },
          fill: { condition: { test: `datum.k === ${answer}`, value: "var(--accent)" }, value: "var(--quiet)" },
        },
      },
      {
        transform: [{ filter: "datum.halves > 0" }], mark: { type: "text", dy: -7, fontWeight: 600 },
        encoding: { x: kScale(points), y, text: { field: "halves" } },
      },
    ], K_TITLE), data: { values },
  };
}

// ---- clusters ----

// Two standard deviations of a covariance [xx, xy, yy] about a centre, as a line.
function ellipse(cluster, [x, y], [xx, xy, yy]) {
  const half = (xx + yy) / 2, root = Math.hypot((xx - yy) / 2, xy), angle = Math.atan2(2 * xy, xx - yy) / 2;
  const a = 2 * Math.sqrt(Math.max(half + root, 0)), b = 2 * Math.sqrt(Math.max(half - root, 0));
  return Array.from({ length: 61 }, (_, i) => {
    const t = (i / 60) * 2 * Math.PI;
    return {
      cluster, i,
      x: x + a * Math.cos(t) * Math.cos(angle) - b * Math.sin(t) * Math.sin(angle),
      y: y + a * Math.cos(t) * Math.sin(angle) + b * Math.sin(t) * Math.cos(angle),
    };
  });
}

const pointSize = (n) => (n > 10000 ? 9 : n > 3000 ? 14 : n > 800 ? 24 : 44);

// Twenty thousand points: what can be left out of each is (their tooltips are made when they are asked for).
function mapChart(points, centres, ellipses, k, names, height) {
  const axis = (field, title) => ({
    field, type: "quantitative", scale: { zero: false, nice: false, padding: 14 }, axis: { title, tickCount: 6, ...plainNumbers },
  });
  const x = axis("x", names[0]), y = axis("y", names[1]), pressed = { cursor: "pointer", tooltip: { content: "data" } };
  const color = { field: "cluster", type: "nominal", scale: colourScale(k), legend: null };
  const shape = k > COLOURS.length && { field: "cluster", type: "nominal", scale: shapeScale(k), legend: null };
  const many = points.length > 3000, opacity = many ? 0.5 : 0.75;
  return {
    ...sized(height, DESCENDERS), params: [PICKED], config: config(INK_OF_CANVAS),
    layer: [
      {
        data: { name: "points", values: points },
        mark: { type: "point", filled: true, invalid: null, shape: "circle", size: pointSize(points.length), ...pressed },
        encoding: {
          x, y, ...(k > 1 ? { color } : { color: { value: COLOURS[0] } }), ...(shape && { shape }),
          opacity: ifPicked(opacity, 0.1, many ? 0.8 : 1),
        },
      },
      ...(ellipses.length === 0 ? [] : [{
        data: { values: ellipses }, mark: { type: "line", strokeWidth: 1.5, interpolate: "linear-closed" },
        encoding: { x, y, color, detail: { field: "cluster" }, order: { field: "i" }, opacity: ifPicked(0.9, 0.12) },
      }]),
      ...(centres.length === 0 ? [] : [{
        data: { values: centres },
        mark: { type: "point", filled: true, size: areMany(k) ? 60 : 240, stroke: "#ffffff", strokeWidth: 2, ...pressed },
        encoding: { x, y, color, ...(areMany(k) && { shape }), opacity: ifPicked(1, 0.15) },
      }]),
      ...(areMany(k) || centres.length === 0 ? [] : [{
        data: { values: centres },
        mark: { type: "text", fontSize: 10, fontWeight: 700, color: "#ffffff", stroke: "#00000060", strokeWidth: 0, cursor: "pointer" },
        encoding: {
          x, y, text: { field: "cluster" }, opacity: ifPicked(1, 0.15),
          color: { condition: { test: "datum.pale", value: "#111111" }, value: "#ffffff" },
        },
      }]),
    ],
  };
}

function histogramChart(bins, k, name, what) {
  return {
    ...sized(320, DESCENDERS), params: [PICKED], config: config(INK), data: { values: bins },
    mark: { type: "bar", cursor: "pointer", binSpacing: 1 },
    encoding: {
      x: {
        field: "from", type: "quantitative", bin: { binned: true }, scale: { zero: false, nice: false },
        axis: { title: name, ...plainNumbers, tickCount: 8, grid: false },
      },
      x2: { field: "to" },
      y: { field: "weight", type: "quantitative", stack: true, axis: { title: what, format: "~s", tickCount: 5 } },
      color: { field: "cluster", type: "nominal", scale: colourScale(k), legend: null },
      opacity: ifPicked(1, 0.15),
      tooltip: [
        { field: "name", title: "cluster" }, { field: "weight", title: what, format: "," },
        { field: "from", title: "from", format: ".4~g" }, { field: "to", title: "to", format: ".4~g" },
      ],
    },
  };
}

const LEAST_CELL = 13; // as wide as slanted names of columns need to be apart
const rowStep = (k) => (k <= 12 ? 30 : areMany(k) ? 7 : 18);
const sizedByRows = (k) => sized(k * rowStep(k), { left: 0, right: 0, top: 4, bottom: 4 }, "fit-x");
const clusterAxis = (k) => ({
  field: "cluster", type: "ordinal", scale: { domain: clustersOf(k), paddingInner: 0.12, paddingOuter: 0 },
  axis: { title: null, labelOverlap: true, labelFontSize: areMany(k) ? 9 : 11 },
});

function sizesChart(clusters, what) {
  const k = clusters.length, y = clusterAxis(k), most = Math.max(...clusters.map((c) => c.size));
  const x = { field: "size", type: "quantitative", scale: { domain: [0, most * 1.45], nice: false }, axis: null };
  const tooltip = [{ field: "name", title: "cluster" }, { field: "said", title: what }, { field: "part", title: "share" }];
  return {
    ...sizedByRows(k), params: [PICKED], config: config(INK), data: { values: clusters },
    layer: [
      {
        mark: { type: "bar", cursor: "pointer", cornerRadiusEnd: 2 },
        encoding: {
          y, x, color: { field: "cluster", type: "nominal", scale: colourScale(k), legend: null }, opacity: ifPicked(1, 0.2), tooltip,
        },
      },
      ...(areMany(k) ? [] : [{
        mark: { type: "text", align: "left", dx: 6, color: "var(--muted)" },
        encoding: { y, x, text: { field: "label" }, opacity: ifPicked(1, 0.3) },
      }]),
    ],
  };
}

// Eleven steps from far below the average to far above.
const HEAT_STEPS = [-2.25, -1.5, -1, -0.6, -0.25, 0.25, 0.6, 1, 1.5, 2.25];
const HEAT_COLOURS = ["m5", "m4", "m3", "m2", "m1", "m0", "p1", "p2", "p3", "p4", "p5"].map((name) => `var(--${name})`);

function heatChart(cells, columns, k, width) {
  const each = width / columns.length, few = each > 50 && !areMany(k), level = each > 90;
  const x = {
    field: "column", type: "ordinal", scale: { domain: columns.map((_, i) => i), paddingInner: 0.04, paddingOuter: 0 },
    axis: {
      title: null, labelExpr: "names[datum.value]", labelAngle: level ? 0 : -45, labelLimit: level ? each : 130, labelOverlap: false,
      labelFontSize: columns.length > 20 ? 9 : 11,
    },
  };
  const y = clusterAxis(k);
  const tooltip = [
    { field: "name", title: "cluster" }, { field: "of", title: "column" }, { field: "said", title: "centre" },
    { field: "average", title: "average of all" }, { field: "off", title: "standard deviations off" },
  ];
  return {
    ...sizedByRows(k), params: [PICKED, { name: "names", value: columns.map((c) => c.shown) }], config: config(INK),
    data: { values: cells },
    layer: [
      {
        mark: { type: "rect", cursor: "pointer", cornerRadius: 2 },
        encoding: {
          x, y, opacity: ifPicked(1, 0.2), tooltip,
          color: {
            field: "distance", type: "quantitative", scale: { type: "threshold", domain: HEAT_STEPS, range: HEAT_COLOURS }, legend: null,
          },
        },
      },
      ...(few ? [{
        mark: { type: "text", fontSize: 11 },
        encoding: {
          x, y, text: { field: "said" }, opacity: ifPicked(1, 0.3),
          color: { condition: { test: "abs(datum.distance) > 1.5", value: "var(--paper)" }, value: "var(--ink)" },
        },
      }] : []),
    ],
  };
}
