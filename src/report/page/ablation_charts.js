// SPDX-License-Identifier: Apache-2.0
// The charts of gains, as Vega-Lite specifications. Colours are the page's own properties, as in charts.js. Gains are on
// logarithmic axes, with 1 marked and what is negligible shaded.
"use strict";

const TONES = { helps: "var(--helps)", hurts: "var(--hurts)", negligible: "var(--none)", undecided: "var(--none)" };

// ---- axes ----

const nice = (x) => [1, 2, 5].map((m) => m * 10 ** Math.floor(Math.log10(x))).filter((m) => m <= x * 1.0001).pop();

// Marks on a logarithmic axis of gains: as many as there is room for.
const GAIN_STEPS = [[1, 1.1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9], [1, 1.25, 1.5, 2, 3, 4, 5, 7], [1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]];
const gainMarks = (domain, most = 7) => logMarks(domain, most, GAIN_STEPS);

const linearMarks = ([low, high], most = 6) => {
  const step = nice((high - low) / most * 2.5), first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(8)));
};
const powerMarks = (domain, most = 9) => logMarks(domain, most, [[1, 2, 5], [1, 3], [1]]);
// The most steps a decade that give no more marks than that; or not every decade.
function logMarks([low, high], most, steps) {
  const first = Math.floor(Math.log10(low)), decades = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, i) => first + i);
  const lists = steps.map((list) => decades.flatMap((d) => list.map((s) => Number(`${s}e${d}`))));
  for (let every = 2; every < 100; every++) lists.push(decades.filter((d) => d % every === 0).map((d) => Number(`1e${d}`)));
  return lists.map((list) => list.filter((v) => v >= low && v <= high)).find((list) => list.length <= most);
}
const AS_GAIN = "(datum.value >= 1e5 || datum.value < 1e-3 ? replace(format(datum.value, '.1~e'), 'e+', 'e') : format(datum.value, ',~g')) + '×'";
const AS_POWER = "datum.value >= 1e5 || datum.value < 1e-3 ? replace(format(datum.value, '.1~e'), 'e+', 'e') : format(datum.value, ',~g')";
const gainAxis = (domain, title, most) => ({
  type: "quantitative", scale: { type: "log", domain, nice: false }, axis: { title, values: gainMarks(domain, most), labelExpr: AS_GAIN, labelFlush: false, labelOverlap: true },
});

// From the values, and intervals as far as they leave the values readable; always with 1 and the negligible band.
function gainDomain(intervals, room = 1.12) {
  const known = intervals.filter(isKnown).filter(([v]) => v > 0), values = known.map(([v]) => Math.log(v));
  const least = Math.min(...values, -Math.log(band) * 1.5), most = Math.max(...values, Math.log(band) * 1.5), reach = Math.max(0.7 * (most - least), 0.25);
  const lows = known.map(([v, low]) => Math.max(low > 0 ? Math.log(low) : -Infinity, Math.log(v) - reach));
  const highs = known.map(([v, , high]) => Math.min(high === null ? Infinity : Math.log(high), Math.log(v) + reach));
  return [Math.exp(Math.min(least, ...lows)) / room, Math.exp(Math.max(most, ...highs)) * room];
}
const within = (value, [low, high]) => Math.min(high, Math.max(low, value));
// The ends of an interval that are drawn.
const drawn = ([, low, high], domain) => ({ low: within(low ?? domain[0], domain), high: within(high ?? domain[1], domain) });

// Along x or y: what is negligible, and 1.
const neutral = (channel, axis, at = 1) => [
  ...(at === 1 ? [{ data: { values: [{ low: 1 / band, high: band }] }, mark: { type: "rect", color: "var(--shade)" }, encoding: { [channel]: { ...axis, field: "low" }, [`${channel}2`]: { field: "high" } } }] : []),
  { data: { values: [{ at }] }, mark: { type: "rule", color: "var(--muted)", strokeWidth: 1 }, encoding: { [channel]: { ...axis, field: "at" } } },
];

// ---- rows of names ----

const rowsAxis = (rows, width) => ({
  field: "name", type: "nominal", sort: null, scale: { domain: rows.map((r) => r.name), paddingInner: 0.3, paddingOuter: 0.15 },
  axis: { title: null, labelLimit: width, labelFontSize: 12, labelLineHeight: 15, labelColor: "var(--ink)", labelExpr: "lines[datum.value]", grid: false },
});
const lineNames = (rows) => ({ name: "lines", value: Object.fromEntries(rows.map((r) => [r.name, r.lines])) });
const rowsHigh = (rows, each) => sized(rows * each + 38, { left: 0, right: 10, top: 4, bottom: 4 }, "fit");
const isNarrow = (width) => width < 460;

// Pale to strong, the smallest scale first.
const scaleTones = (n) => Array.from({ length: n }, (_, i) => `var(--m${n === 1 ? 4 : 2 + Math.round((3 * i) / (n - 1))})`);

// Values of several things in each row, one above the other. values: name, who, interval's value, low, high, hollow.
function forest(rows, values, { x, who, tones, domain, wide, each, tooltip, at = 1 }) {
  const y = rowsAxis(rows, Math.min(230, wide * 0.42)), offset = { field: "who", sort: who, scale: { domain: who } };
  const colour = { field: "who", type: "nominal", scale: { domain: who, range: tones }, legend: null };
  const shown = values.filter((v) => v.value >= domain[0] && v.value <= domain[1]);
  return {
    ...rowsHigh(rows.length, each), params: [lineNames(rows)], config: config(INK), data: { values: shown },
    layer: [
      ...neutral("x", x, at),
      { mark: { type: "rule", strokeWidth: 2.5, opacity: 0.65 }, encoding: { y, yOffset: offset, x: { ...x, field: "low" }, x2: { field: "high" }, color: colour } },
      {
        mark: { type: "point", filled: true, size: 62, strokeWidth: 2, opacity: 1 },
        encoding: {
          y, yOffset: offset, x: { ...x, field: "value" }, stroke: colour, tooltip,
          fill: { condition: { test: "datum.hollow", value: "var(--paper)" }, ...colour },
        },
      },
      { mark: { type: "rule", strokeWidth: 12, opacity: 0 }, encoding: { y, yOffset: offset, x: { ...x, field: "low" }, x2: { field: "high" }, tooltip } },
    ],
  };
}

// ---- what each is worth ----

const scaleNames = () => scales.map((s) => s.name);
function worthChart(all, wide) {
  const rows = all.map((c) => ({ name: `${c.index}`, lines: c.lines })), each = Math.max(42, 13 * scales.length + 12);
  const entries = (field, domain, said) => all.flatMap((c) => scales.map((s, i) => ({ c, s, i })).filter(({ i }) => isKnown(c[field]?.[i])).map(({ c: m, s, i }) => ({
    name: `${m.index}`, who: s.name, title: alone(m.title), value: m[field][i][0], ...drawn(m[field][i], domain), hollow: s.held_out,
    said: said(m[field][i]) + (s.held_out ? ", by the law" : ""),
  })));
  const tooltip = [{ field: "title", title: "change" }, { field: "who", title: "scale" }, { field: "said", title: law ? "gain" : "change of the loss" }];
  const common = { who: scaleNames(), tones: scaleTones(scales.length), wide, each, tooltip };
  if (law) {
    const domain = gainDomain(all.flatMap((c) => c.ceg ?? []));
    return forest(rows, entries("ceg", domain, gainSaid), { ...common, domain, x: gainAxis(domain, isNarrow(wide) ? "compute-equivalent gain" : `compute-equivalent gain, ${account.at}`, isNarrow(wide) ? 5 : 9) });
  }
  const known = all.flatMap((c) => c.loss ?? []).filter(isKnown).flat().filter((v) => v !== null), reach = 1.08 * Math.max(...known.map(Math.abs), 1e-9);
  const domain = [-reach, reach], x = { type: "quantitative", scale: { domain, nice: false }, axis: { title: "change of the loss: left helps", tickCount: 6, format: "+~g" } };
  return forest(rows, entries("loss", domain, lossSaid), { ...common, domain, x, at: 0 });
}

// ---- one gain over compute ----

const computeDomain = (room = 1.6) => {
  const known = scales.map((s) => s.compute).filter((c) => c > 0);
  return [Math.min(...known) / room, Math.max(...known) * room];
};

const lawPoints = (c, domain) => scales.map((s, i) => ({ s, i })).filter(({ s, i }) => s.compute > 0 && isKnown(c.ceg?.[i])).map(({ s, i }) => ({
  compute: s.compute, scale: alone(s.name), value: within(c.ceg[i][0], domain), ...drawn(c.ceg[i], domain), held: s.held_out, said: gainSaid(c.ceg[i]) + (s.held_out ? ", held out" : ""),
})).sort((a, b) => a.compute - b.compute);

// Without a law: a bound is a triangle that says to which side.
const measuredPoints = (c, domain) => scales.map((s, i) => ({ s, m: c.ceg_measured?.[i] })).filter(({ s, m }) => s.compute > 0 && isKnown(m)).map(({ s, m }) => {
  const up = m[2] === null && m[0] >= 1, down = m[1] === 0 && m[0] <= 1;
  return { compute: s.compute, scale: alone(s.name), value: within(m[0], domain), ...drawn(up ? [m[0], m[0], null] : down ? [m[0], null, m[0]] : m, domain),
    bound: up ? "least" : down ? "most" : "none", said: measuredSaid(m) };
});

function gainChart(c, domain, { large = false, wide = 300 } = {}) {
  const span = computeDomain(), points = lawPoints(c, domain), tone = TONES[c.verdict];
  const x = {
    field: "compute", type: "quantitative", scale: { type: "log", domain: span, nice: false },
    axis: { title: large ? account.unit : null, grid: false, values: powerMarks(span, large && !isNarrow(wide) ? 9 : 4), labelExpr: AS_POWER, labelOverlap: true, labelFlush: true },
  };
  const y = gainAxis(domain, large ? "gain" : null, large ? 8 : 4);
  const tooltip = [{ field: "scale", title: "scale" }, { field: "said", title: "gain by the law" }];
  const inside = points.filter((p) => !p.held), beyond = points.filter((p, i) => p.held || points[i + 1]?.held);
  const line = (values, dash) => ({ data: { values }, mark: { type: "line", color: tone, strokeWidth: large ? 2.5 : 2, strokeDash: dash, clip: true }, encoding: { x, y: { ...y, field: "value" } } });
  const layers = [
    ...neutral("y", y),
    { data: { values: points }, mark: { type: "area", color: tone, opacity: 0.2, interpolate: "monotone", clip: true }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } } },
    line(inside, [1, 0]), line(beyond, [5, 4]),
    ...crossoverLayers(c, span, x, y, large),
    ...measuredLayers(measuredPoints(c, domain), x, y, large),
    { data: { values: points }, mark: { type: "rule", strokeWidth: 14, opacity: 0 }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, tooltip } },
  ];
  return { ...sized(large ? 320 : 130, { left: 2, right: 8, top: 6, bottom: 3 }), layer: layers, config: config(INK) };
}

function measuredLayers(values, x, y, large) {
  const tooltip = [{ field: "scale", title: "scale" }, { field: "said", title: "measured, without a law" }];
  const shape = { field: "bound", type: "nominal", scale: { domain: ["none", "least", "most"], range: ["circle", "triangle-up", "triangle-down"] }, legend: null };
  return [
    { data: { values: values.filter((v) => v.bound === "none") }, mark: { type: "rule", color: "var(--ink)", strokeWidth: 1, opacity: 0.6, clip: true }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } } },
    {
      data: { values }, encoding: { x, y: { ...y, field: "value" }, shape, tooltip },
      mark: { type: "point", size: large ? 70 : 34, fill: "var(--paper)", stroke: "var(--ink)", strokeWidth: 1.5, opacity: 1 },
    },
  ];
}

// Where it is worth 1, when that is in sight.
function crossoverLayers(c, span, x, y, large) {
  const [at, low, high] = c.crossover;
  if (at === null || at < span[0] || at > span[1] || c.trend === "stays" || c.trend === "unknown") return [];
  const values = [{ at, one: 1, from: within(low ?? span[0], span), to: within(high ?? span[1], span), said: atOf(at) }];
  const place = { x: { ...x, field: "at" }, y: { ...y, field: "one" } };
  const left = at > Math.sqrt(span[0] * span[1]), below = (c.elasticity[0] < 0) === left; // where the curve is not
  const label = {
    mark: { type: "text", dy: below ? 17 : -15, fontWeight: 600, align: left ? "right" : "left", text: `1× at ${amount(at)}`, color: "var(--ink)" },
    encoding: place,
  };
  const halo = { ...label, mark: { ...label.mark, color: "var(--paper)", stroke: "var(--paper)", strokeWidth: 4, strokeJoin: "round" } };
  return [
    { mark: { type: "rule", strokeWidth: 4, color: "var(--ink)", opacity: 0.35 }, encoding: { x: { ...x, field: "from" }, x2: { field: "to" }, y: place.y } },
    { mark: { type: "point", shape: "diamond", filled: true, size: large ? 110 : 60, color: "var(--ink)", opacity: 1 }, encoding: { ...place, tooltip: [{ field: "said", title: "worth 1× at" }] } },
    ...(large ? [halo, label] : []),
  ].map((layer) => ({ data: { values }, ...layer }));
}

// ---- together ----

function jointChart(wide) {
  const of = study.joints.filter((j) => isKnown(j.joint)), domain = gainDomain(of.flatMap((j) => [j.joint, j.product]));
  const rows = of.map((j, i) => ({ name: `${i}`, lines: [alone(shorten(j.scale, 24))] }));
  const values = of.flatMap((j, i) => [["together", j.joint], ["product", j.product]].filter(([, v]) => isKnown(v)).map(([who, v]) => ({
    name: `${i}`, who, title: alone(j.scale), value: v[0], ...drawn(v, domain), hollow: who === "product", said: gainSaid(v),
  })));
  return forest(rows, values, {
    x: gainAxis(domain, "gain", 6), who: ["together", "product"], tones: ["var(--accent)", "var(--none)"], domain, wide, each: 44,
    tooltip: [{ field: "title", title: "scale" }, { field: "who", title: "which" }, { field: "said", title: "gain" }],
  });
}

// From the baseline to all changes together, a step each.
function partsChart(parts, wide) {
  let sum = 0;
  const steps = parts.map((p) => {
    const from = sum;
    sum += p.part[0];
    return { name: `${p.index}`, lines: p.lines, title: alone(p.title), from: Math.exp(from), to: Math.exp(sum), tone: p.part[0] >= 0 ? "helps" : "hurts", said: times(Math.exp(p.part[0])) };
  });
  const all = [...steps, { name: "all", lines: ["all parts"], title: "all parts", from: 1, to: Math.exp(sum), tone: "all", said: times(Math.exp(sum)) }]
    .map((s) => ({ ...s, low: Math.min(s.from, s.to), high: Math.max(s.from, s.to) }));
  const domain = [Math.min(1, ...all.map((s) => s.low)) / 1.05, Math.max(1, ...all.map((s) => s.high))];
  domain[1] *= (domain[1] / domain[0]) ** 0.18;
  const x = gainAxis(domain, "gain", 5), y = rowsAxis(all, Math.min(200, wide * 0.42));
  const colour = { field: "tone", type: "nominal", scale: { domain: ["helps", "hurts", "all"], range: ["var(--helps)", "var(--hurts)", "var(--ink)"] }, legend: null };
  const tooltip = [{ field: "title", title: "change" }, { field: "said", title: "its part" }];
  return {
    ...rowsHigh(all.length, 40), params: [lineNames(all)], config: config(INK), data: { values: all },
    layer: [
      neutral("x", x)[1],
      { mark: { type: "bar", height: { band: 0.62 }, cornerRadius: 2 }, encoding: { y, x: { ...x, field: "from" }, x2: { field: "to" }, color: colour, tooltip } },
      { mark: { type: "text", align: "left", dx: 5, fontWeight: 600 }, encoding: { y, x: { ...x, field: "high" }, text: { field: "said" } } },
    ],
  };
}

function pairsChart(pairs, wide) {
  const gains = pairs.every((p) => telling(p) !== null), intervalOf = (p) => (gains ? p.ceg[telling(p)] : p.log_loss);
  const rows = pairs.map((p, i) => ({ name: `${i}`, lines: linesOf(p) }));
  const reach = 1.1 * Math.max(...pairs.map((p) => Math.max(...p.log_loss.map((v) => Math.abs(v ?? 0)))), 1e-9);
  const domain = gains ? gainDomain(pairs.map(intervalOf)) : [-reach, reach];
  const values = pairs.map((p, i) => ({
    name: `${i}`, who: standsOut(p) ? "out" : "in", title: alone(titleOf(p)), value: intervalOf(p)[0], ...drawn(intervalOf(p), domain), hollow: false,
    said: withEnds(intervalOf(p), gains ? times : signed), p: probability(p.p_adjusted), weight: share(p.inclusion),
  }));
  const x = gains ? gainAxis(domain, "what both together add to their product, as a gain", isNarrow(wide) ? 4 : 8)
    : { type: "quantitative", scale: { domain, nice: false }, axis: { title: "change of log loss beyond both", tickCount: 5 } };
  const spec = forest(rows, values, {
    x, who: ["out", "in"], tones: ["var(--accent)", "var(--quiet)"], domain, wide, each: 40, at: gains ? 1 : 0,
    tooltip: [{ field: "title", title: "pair" }, { field: "said", title: gains ? "gain" : "log loss" }, { field: "p", title: "p" }, { field: "weight", title: "weight" }],
  });
  for (const layer of spec.layer) if (layer.encoding.yOffset) delete layer.encoding.yOffset;
  return spec;
}
const standsOut = (p) => (p.p_adjusted !== null && p.p_adjusted < 0.1) || p.inclusion > 0.5;

// ---- stability ----

// A value for each level; that of the baseline hollow.
function levelsChart(values, { title, format, wide }) {
  const y = rowsAxis(values, Math.min(200, wide * 0.45)), x = { field: "value", type: "quantitative", scale: { domainMin: 0, nice: true }, axis: { title, tickCount: 4, format } };
  const tooltip = [{ field: "title", title: "level" }, { field: "said", title }];
  return {
    ...rowsHigh(values.length, 24), params: [lineNames(values)], config: config(INK), data: { values },
    layer: [
      { mark: { type: "rule", strokeWidth: 2, color: "var(--quiet)" }, encoding: { y, x: { ...x, field: "zero" }, x2: { field: "value" } } },
      {
        mark: { type: "point", filled: true, size: 70, stroke: "var(--accent)", strokeWidth: 2, opacity: 1 },
        encoding: { y, x, tooltip, fill: { condition: { test: "datum.baseline", value: "var(--paper)" }, value: "var(--accent)" } },
      },
      { mark: { type: "bar", fill: "transparent" }, encoding: { y, x: { value: 0 }, x2: { value: "width" }, tooltip } },
    ],
  };
}
