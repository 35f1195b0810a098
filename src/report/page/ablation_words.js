// SPDX-License-Identifier: Apache-2.0
// What the page of a study goes by, and its sentences. An interval is [value, low, high], null where nothing is known;
// an end that is null beside a value is beyond all bounds.
"use strict";

const report = JSON.parse(document.getElementById("report").textContent);
const study = report.ablation, scales = study.study.scales, { law } = study;
const percentOf = (share) => `${say(100 * share)}\u00a0%`;
const level = percentOf(study.interval_level);
const band = report.negligible;

// By what the account goes: what is saved, its unit, and where a run has it.
const ACCOUNTS = {
  "iso-flop": { noun: "compute", unit: "FLOPs", field: "flops", at: "at equal floating-point work" },
  "iso-parameter": { noun: "parameters", unit: "parameters", field: "parameters", at: "at equal parameters" },
  "iso-time": { noun: "core time", unit: "core seconds", field: "seconds", at: "at equal measured core time" },
};
const account = ACCOUNTS[study.account];

// ---- numbers ----

const isKnown = (interval) => Boolean(interval) && interval[0] !== null;
const lastOf = (list) => list[list.length - 1];
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const rough = (x) => (x === null ? "–" : Number(x.toPrecision(2)) >= 0.001 ? `${Number(x.toPrecision(2))}` : power(x));
const digits = (x) => (x >= 1e5 ? power(x) : x >= 100 ? three.format(x) : x >= 10 ? x.toFixed(1) : x >= 0.1 || x === 0 ? x.toFixed(2) : rough(x));
const power = (x) => x.toExponential(1).replace(/\.0e/, "e").replace("e+", "e").replace("-", "−");
const times = (x) => (x === null || x === undefined ? "–" : `${digits(x)}×`);
const amount = (x) => (x === null || x === undefined ? "–" : x >= 1e5 || (x > 0 && x < 1e-2) ? power(x) : three.format(x));
const signed = (x, n = 3) => { const size = Math.abs(x).toFixed(n); return `${Number(size) === 0 ? "" : x < 0 ? "−" : "+"}${size}`; };
const share = (x) => (x === null ? "–" : x.toFixed(2));
const duration = (seconds) => (seconds < 90 ? `${rough(seconds)} s` : seconds < 5400 ? `${whole.format(seconds / 60)} min` : `${three.format(seconds / 3600)} h`);
const probability = (p) => (p === null ? "–" : p < 1e-16 ? "< 1e-16" : p < 1e-3 ? power(p) : p.toPrecision(2));
const ends = ([, low, high], one) => (low === null && high === null ? "" : `${low === null ? "no bound" : one(low)} to ${high === null ? "no bound" : one(high)}`);
const withEnds = (interval, one) => (isKnown(interval) ? `${one(interval[0])}${ends(interval, one) && ` (${ends(interval, one)})`}` : "–");
const gainSaid = (interval) => withEnds(interval, times);
const lossSaid = (interval) => withEnds(interval, signed);
// What was read off the baseline's curve may only be a bound.
const measuredSaid = (m) => (!isKnown(m) || (m[1] === 0 && m[2] === null) ? "–" : m[2] === null && m[0] >= 1 ? `at least ${times(m[1] ?? m[0])}`
  : m[1] === 0 && m[0] <= 1 ? `at most ${times(m[2] ?? m[0])}` : gainSaid([m[0], m[1] === 0 ? null : m[1], m[2]]));

// ---- changes ----

const arrowOf = (m) => `${m.baseline} → ${m.level}`;
const titleOf = (m) => (m.other_factor ? `${m.factor}=${m.level} with ${m.other_factor}=${m.other_level}` : `${m.factor} ${arrowOf(m)}`);
const linesOf = (m) => (m.other_factor ? [`${m.factor}=${m.level}`, `${m.other_factor}=${m.other_level}`] : [m.factor, arrowOf(m)])
  .map((line) => alone(shorten(line, 40)));

// At which scales its gain is known; those that the law was made from come first to mind.
function knownScales(m) {
  const all = scales.map((s, i) => i).filter((i) => isKnown(m.ceg?.[i]));
  const own = all.filter((i) => !scales[i].held_out);
  return own.length ? own : all;
}
const telling = (m) => { const at = knownScales(m); return at.length ? lastOf(at) : null; };
const gainOf = (m) => (telling(m) === null ? null : m.ceg[telling(m)][0]);

const RANK = { helps: 0, hurts: 1, negligible: 2, undecided: 3 };
const changes = study.mains.map((m, index) => ({ ...m, index, title: titleOf(m), lines: linesOf(m) }));
const byWorth = (a, b) => RANK[a.verdict] - RANK[b.verdict]
  || (a.verdict === "hurts" ? -1 : 1) * ((gainOf(b) ?? -(b.log_loss[0] ?? 0)) - (gainOf(a) ?? -(a.log_loss[0] ?? 0)));
const ranked = [...changes].sort(byWorth);

// ---- sentences ----

const saves = (gain) => (gain >= 1 ? `saves ${Math.round(100 * (1 - 1 / gain))} % of the ${account.noun}` : `needs ${times(1 / gain)} the ${account.noun}`);
// The second of two, in as many words as it takes.
const savesToo = (gain, before) => ((gain >= 1) !== (before >= 1) ? saves(gain) : gain >= 1 ? `${Math.round(100 * (1 - 1 / gain))} %` : times(1 / gain));
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const atOf = (compute) => `${amount(compute)} ${account.unit}`;

// Where it is worth nothing, when that is near the scales.
function sayCrossover(m) {
  const [at, low, high] = m.crossover, known = scales.map((s) => s.compute).filter((c) => c !== null);
  if (at === null || m.trend === "unknown" || m.trend === "stays") return "";
  const beyond = at > 1.05 * Math.max(...known) ? ", beyond the largest scale" : at < Math.min(...known) / 1.05 ? ", below the smallest scale" : "";
  const about = low !== null && high !== null ? ` (${amount(low)} to ${amount(high)})` : "";
  return ` By the law it is worth 1× at ${atOf(at)}${about}${beyond}.`;
}

function sayHeld(m) {
  const held = scales.findIndex((s, i) => s.held_out && isKnown(m.ceg[i]));
  return held === -1 || !knownScales(m).some((i) => !scales[i].held_out) ? "" : ` For ${scales[held].name}, held out, the law says ${gainSaid(m.ceg[held])}.`;
}

const MOVES = { grows: "grows with scale", vanishes: "vanishes with scale", turns: "turns with scale" };
function sayTrend(m) {
  const at = knownScales(m), [first, last] = [at[0], lastOf(at)], [a, b] = [first, last].map((i) => m.ceg[i][0]);
  if (!MOVES[m.trend] || first === last) {
    const how = m.trend === "stays" ? "no change with scale was found" : "whether it changes with scale is not known";
    return `${capital(saves(b))} at ${scales[last].name}: worth ${gainSaid(m.ceg[last])}; ${how}.`;
  }
  const larger = m.trend === "grows" ? b : a; // of the two ends: the other one may lie on the other side of 1×
  const what = m.trend === "turns" ? "it" : larger >= 1 ? "the gain" : "the harm", power = `as ${account.noun} to the power of ${withEnds(m.elasticity, (x) => signed(x, 2))}`;
  return `${capital(saves(a))} at ${scales[first].name} and ${savesToo(b, a)} at ${scales[last].name}: ${what} ${MOVES[m.trend]}, ${power}.${sayCrossover(m)}${sayHeld(m)}`;
}

function sayLoss(m) {
  const at = scales.map((s, i) => i).filter((i) => isKnown(m.loss?.[i]));
  return at.length ? `The loss changes by ${at.map((i) => `${lossSaid(m.loss[i])} at ${scales[i].name}`).join(", ")}.` : "Its runs do not tell it from other changes.";
}

function sayRuns(m) {
  if (m.verdict !== "undecided") return "";
  return m.runs_to_decide === null ? " No hundred times as many runs of this design would decide." : ` About ${whole.format(Math.ceil(m.runs_to_decide))} runs of this design would decide.`;
}

// A level that makes runs diverge does so whatever those that ended say.
const verdictOf = (m) => (m.diverges ? `${m.verdict} (diverges)` : m.verdict);
const sayDiverged = (m) => (m.diverges ? `${percentOf(m.diverged[0])} of its runs diverged, of the baseline’s level ${percentOf(m.baseline_diverged[0])}. ` : "");
// What it makes of the baseline, where that is more than a rounding.
function sayCosts(m) {
  const more = (ratio, verb, what) => { const by = Math.abs(100 * (ratio - 1)); return ratio === null || by < 0.5 ? "" : `${verb} ${say(Number(by.toPrecision(2)))}\u00a0% ${ratio > 1 ? "more" : "fewer"} ${what}`; };
  const list = [more(m.parameters, "has", "parameters"), more(m.flops_per_token, "takes", "FLOPs a token")].filter((text) => text);
  return list.length ? ` It ${list.join(" and ")}.` : "";
}
const sayChange = (m) => sayDiverged(m) + sayWorth(m) + sayCosts(m);

function sayWorth(m) {
  if (telling(m) === null) return sayLoss(m) + (isKnown(m.log_loss) ? sayRuns(m) : "");
  if (m.verdict === "undecided" && MOVES[m.trend]) return `Neither at the middle of the scales. ${sayTrend(m)}`;
  if (m.verdict === "undecided") return `Worth ${gainSaid(m.ceg[telling(m)])} at ${scales[telling(m)].name}: it may help or hurt.${sayRuns(m)}`;
  if (m.verdict !== "negligible") return sayTrend(m);
  return `Worth ${gainSaid(m.ceg[telling(m)])} at ${scales[telling(m)].name}, and all of it within ${times(1 / band)} and ${times(band)} at the middle of the scales.`;
}

const TRENDS = { stays: "→ stays", grows: "↗ grows", vanishes: "↘ vanishes", turns: "⇄ turns", unknown: "" };
const minus = (text) => text.replace(/(^|[\s(])-(?=\d)/g, "$1−"); // of sentences made elsewhere

const TERMS = [
  ["Compute-equivalent gain (CEG)", `How many times the ${account.noun} the baseline needs for the loss that the change reaches. 2× saves half, 0.5× costs twice as much, 1× is no effect.`],
  ["Helps, hurts, negligible, undecided", `At the middle of the scales. Negligible: the whole interval of its gain lies within ${times(1 / band)} and ${times(band)}, and no change with scale was found. Helps and hurts: the loss of runs that ended differs, with a family-wise error of ${percentOf(report.false_calls)} over all changes. Diverges: it makes more runs diverge than the baseline’s level does; where most do, it hurts.`],
  ["Stays, grows, vanishes, turns", "Whether the gain changes with scale; a gain that stays has a gap in the loss that shrinks as the loss nears what cannot be learnt. Turns: from help to harm, or back, within the scales."],
  ["As compute to the power", "The gain’s elasticity: 0 stays; −0.15 means that ten times the compute makes the gain 0.71 times what it was."],
  ["Measured", "The gain without a law: where the baseline’s own losses, joined by a smooth curve, reach the loss of the change. Beyond the curve’s ends only a bound is known."],
  ["In transition", "A run that is worse than the baseline and whose loss still falls steeply at its end, or not yet: it has not left the first plateau, and its distance from others would be of luck. Shown, and kept out of gains."],
  ["Irreducible loss E", "What the law says is left at endless compute."],
  ["Weight", "Of the models that hold the effect, among all that were weighed by their evidence (BIC): near 1 it is needed, near 0 it is not."],
  ["Lost to a wrong rate", "Mean loss over the probed learning rates less that at the best: how much a change needs its rate tuned (Wortsman et al., 2023)."],
];
