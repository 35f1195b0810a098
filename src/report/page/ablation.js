// SPDX-License-Identifier: Apache-2.0
// What the page of a study shows and does. Texts from the study only ever become text nodes, or values that Vega draws.
"use strict";

const cell = (text, className = "") => make("td", { className }, text);
const rowHead = (text) => make("th", { scope: "row", className: "name" }, isolated(text));
const OUTLINE = { ...OUTLINES, line: "M-1.2 0H1.2", dash: "M-1.2 0H-.5M.5 0H1.2" };

// A sign and what it stands for.
function key(words, shape, { fill = "none", stroke = "none" } = {}) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS(svg.namespaceURI, "path");
  svg.setAttribute("viewBox", "-1.3 -1.3 2.6 2.6");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", OUTLINE[shape]);
  path.setAttribute("style", `fill:${fill};stroke:${stroke};stroke-width:.36`);
  svg.append(path);
  return make("span", { className: "key" }, svg, words);
}
const keys = (...list) => make("span", {}, ...list);
const scaleKeys = () => keys(...scales.map((s, i) => key(isolated(shorten(s.name, 24)), "circle",
  { stroke: scaleTones(scales.length)[i], fill: s.held_out ? "var(--paper)" : scaleTones(scales.length)[i] })));

// ---- answers ----

// Its gain, or without a law the change of the loss; and at which scale.
function worthOf(c) {
  if (telling(c) !== null) return [times(gainOf(c)), scales[telling(c)].name];
  const last = lastOf(scales.map((s, i) => i).filter((i) => isKnown(c.loss?.[i])));
  return last === undefined ? ["", ""] : [signed(c.loss[last][0]), scales[last].name];
}

function fillAnswers() {
  $("answers").append(...ranked.map((c) => {
    const [worth, at] = worthOf(c);
    return make("li", {},
      make("span", { className: `verdict ${c.verdict}` }, verdictOf(c)), " ",
      make("h3", {}, isolated(c.factor), " ", make("span", {}, isolated(arrowOf(c)))),
      make("span", { className: "gain" }, worth, make("small", {}, at ? " at " : "", isolated(at)), make("span", { className: "trend" }, TRENDS[c.trend])),
      make("p", {}, isolated(sayChange(c))));
  }));
  const about = law ? `2× means that the change reaches the baseline’s loss with half of the ${account.noun}; 1× that it makes no difference. ` : "";
  $("answers-note").append(`${about}${law ? "Verdicts are of the middle of the scales; intervals" : "Lower is better. Intervals"} are of ${level}.`);
  $("warnings-box").hidden = study.warnings.length === 0 && !unfinished();
  if (unfinished()) $("warnings").append(make("li", {}, unfinished()));
  $("warnings").append(...study.warnings.map((text) => make("li", {}, isolated(minus(capital(text))))));
}

// Before the last run it is an interim one.
function unfinished() {
  const n = study.runs.length;
  return report.planned > n ? `${plural(n, "run")} of ${whole.format(report.planned)} had ended when this page was made` : "";
}

function fillClaims() {
  $("claims-section").hidden = study.claims.length === 0;
  $("claims").append(...study.claims.map((c) => make("li", {}, make("span", { className: `verdict ${c.answer}` }, c.answer), make("b", {}, isolated(c.claim)),
    make("span", {}, isolated(minus(capital(c.why))), ...(c.made_after ? [make("em", {}, " Beware: claimed when runs had ended already.")] : [])))));
}

// ---- what it is worth ----

async function drawWorth() {
  const known = ranked.filter((c) => (law ? c.ceg : c.loss)?.some(isKnown)), wide = $("worth-chart").clientWidth;
  if (!law) $("worth").textContent = "What does it do to the loss?";
  $("worth-words").append(law
    ? `Right of 1× a change helps, left of it it hurts; within the shade (${times(1 / band)} to ${times(band)}) it does not matter. Each change has a line for every scale, the smallest first.`
    : "Left of 0 a change helps, right of it it hurts. What it is worth in compute is not known: there is no law of scale, for which two scales are needed.");
  $("worth-figure").hidden = known.length === 0;
  fillGains();
  fillLosses();
  fillAccounts();
  if (known.length === 0) return;
  $("worth-title").append(law ? "Gain of each change " : "Change of the loss ", make("span", {}, `with ${level} intervals `), scaleKeys());
  if (scales.some((s) => s.held_out)) $("worth-title").append(make("span", {}, "hollow: held out, by the law of the others"));
  const says = known.map((c) => `${c.title}: ${scales.map((s, i) => (law ? gainSaid(c.ceg?.[i]) : lossSaid(c.loss?.[i])) + ` at ${s.name}`).join(", ")}`).join("; ");
  await embed("worth-chart", worthChart(known, wide), { says: `${law ? "Gain in compute" : "Change of the loss"} of each change. ${says}.` });
}

function fillGains() {
  $("gains").hidden = !law;
  if (!law) return;
  const head = ["change", "verdict", ...scales.map((s) => s.name), "as a power of compute", "1× at", "p"];
  const body = ranked.flatMap((c) => [
    make("tr", {}, rowHead(c.title), cell(verdictOf(c)), ...scales.map((s, i) => cell(gainSaid(c.ceg?.[i]))), cell(withEnds(c.elasticity, (x) => signed(x, 2))),
      cell(c.crossover[0] === null ? "–" : amount(c.crossover[0])), cell(probability(c.p_adjusted))),
    ...(c.ceg_measured?.some(isKnown) ? [make("tr", { className: "measured" }, rowHead("measured"), cell(""), ...scales.map((s, i) => cell(measuredSaid(c.ceg_measured[i]))), cell(""), cell(""), cell(""))] : []),
  ]);
  fillTable("gain-table", head, body, ["change"]);
}

function fillLosses() {
  const body = ranked.map((c) => make("tr", {}, rowHead(c.title), ...scales.map((s, i) => cell(lossSaid(c.loss?.[i]))), cell(withEnds(c.log_loss, signed)), cell(probability(c.p_adjusted)),
    cell(share(c.inclusion)), cell(c.verdict !== "undecided" ? "" : c.runs_to_decide === null ? "beyond reach" : whole.format(Math.ceil(c.runs_to_decide)))));
  fillTable("loss-table", ["change", ...scales.map((s) => s.name), "of log(loss − E)", "p", "weight", "runs to decide"], body, ["change"]);
}

function fillAccounts() {
  const names = Object.keys(ACCOUNTS).filter((name) => name === study.account || study.beside[name]);
  $("accounts").hidden = !law || names.length < 2;
  if ($("accounts").hidden) return;
  const gainsBy = (c, name) => (name === study.account ? c.ceg : study.beside[name][c.index]);
  const last = (list) => { const at = scales.map((s, i) => i).filter((i) => isKnown(list?.[i]) && !scales[i].held_out); return at.length ? list[lastOf(at)] : null; };
  const side = (x) => (!isKnown(x) ? 0 : x[1] > 1 ? 1 : x[2] !== null && x[2] < 1 ? -1 : 0);
  $("accounts-note").append("At the largest scale that was not held out. The same runs compared at equal floating-point work, at equal parameters, and at equal time on a core, as measured. Bold: on the other side of 1×, or no longer told from it.");
  const costs = [["parameters", "parameters"], ["FLOPs a token", "flops_per_token"]].filter(([, field]) => ranked.some((c) => c[field] !== null));
  if (costs.length) $("accounts-note").append(` ${capital(costs.map(([name]) => name).join(" and "))}: what the change alone makes of the baseline’s.`);
  const body = ranked.map((c) => {
    const own = side(last(c.ceg));
    return make("tr", {}, rowHead(c.title), ...names.map((name) => cell(gainSaid(last(gainsBy(c, name))), side(last(gainsBy(c, name))) === own ? "" : "differs")),
      ...costs.map(([, field]) => cell(times(c[field]))));
  });
  fillTable("account-table", ["change", ...names, ...costs.map(([name]) => name)], body, ["change"]);
}

// ---- over scale ----

let shared = null, closeUp = null, turn = Promise.resolve(); // one chart after the other, however fast they are asked for

async function drawScale() {
  const known = ranked.filter((c) => scales.filter((s, i) => s.compute > 0 && isKnown(c.ceg?.[i])).length > 1);
  $("scale-section").hidden = !law || known.length === 0;
  if ($("scale-section").hidden) return;
  shared = gainDomain(known.flatMap((c) => [...c.ceg, ...(c.ceg_measured ?? []).filter((m) => isKnown(m) && m[1] !== null && m[2] !== null && m[1] > 0)]));
  $("scale-words").append(`The gain over ${account.noun}, by the law, with its ${level} band. A flat line stays, however large the model; one that runs towards 1× vanishes.`);
  $("scale-keys").append(keys(key("measured, without the law", "circle", { stroke: "var(--ink)", fill: "var(--paper)" }), key("at least", "triangle-up", { stroke: "var(--ink)", fill: "var(--paper)" }),
      key("at most", "triangle-down", { stroke: "var(--ink)", fill: "var(--paper)" }), key("worth 1×", "diamond", { fill: "var(--ink)" }),
      ...(scales.some((s) => s.held_out) ? [key("held out", "dash", { stroke: "var(--none)" })] : [])));
  for (const c of known) await drawMultiple(c, known);
  $("change").append(...known.map((c, i) => make("option", { value: `${i}` }, shorten(c.title, 60))));
  $("change").addEventListener("change", () => { turn = turn.then(() => showOne(known, Number($("change").value))); });
  await showOne(known, 0);
}

const sayGains = (c) => `${c.title}: ${scales.map((s, i) => `${gainSaid(c.ceg[i])} at ${s.name}`).join(", ")}; measured ${scales.map((s, i) => measuredSaid(c.ceg_measured?.[i])).join(", ")}`;

async function drawMultiple(c, known) {
  const chart = make("div", { className: "chart" }), name = make("button", { type: "button", title: "see it close up" }, isolated(c.title));
  const figure = make("figure", {}, make("figcaption", {}, name, make("b", { className: c.verdict }, c.trend === "unknown" ? "" : c.trend)), chart);
  name.addEventListener("click", () => {
    turn = turn.then(() => showOne(known, known.indexOf(c)));
    $("change").scrollIntoView({ block: "start", behavior: "smooth" });
  });
  $("multiples").append(figure);
  await embed(chart, gainChart(c, shared), { says: sayGains(c), small: true });
}

async function showOne(known, index) {
  const c = known[index];
  $("change").value = `${index}`;
  $("readout").replaceChildren(make("b", { className: c.verdict }, capital(verdictOf(c))), `. ${sayChange(c)}`);
  closeUp?.finalize();
  $("gain-title").replaceChildren("Gain over ", account.noun, make("span", {}, ` with its ${level} band`));
  const own = gainDomain([...c.ceg, ...(c.ceg_measured ?? []).filter((m) => isKnown(m) && m[1] > 0 && m[2] !== null)]);
  closeUp = (await embed("gain-chart", gainChart(c, own, { large: true, wide: $("gain-chart").clientWidth }), { says: sayGains(c) })).view;
}

// ---- every run ----

function sayHeldOut() {
  const held = study.held_out;
  if (!held) return "";
  const predicted = `The law of the smaller scales predicted ${withEnds(held.predicted, digits4)} for the baseline at ${atOf(held.compute)}, which was held out. `;
  if (held.measured === null) return `${predicted}It has not been measured yet.`;
  const inside = held.measured >= held.predicted[1] && held.measured <= held.predicted[2];
  return `${predicted}Then ${digits4(held.measured)} was measured: ${inside ? "inside" : "outside"} the interval.`;
}

async function drawRuns() {
  const values = shownRuns(), wide = $("runs-chart").clientWidth, has = (test) => values.some(test);
  fillRuns();
  $("held-words").append(sayHeldOut());
  $("held-words").hidden = !study.held_out;
  $("runs-chart").closest("figure").hidden = values.length === 0;
  if (values.length === 0) return;
  const kinds = Object.keys(KINDS).filter((k) => has((v) => v.kind === k)).reverse().map((k) => key(KINDS[k].word, "circle", { stroke: KINDS[k].colour, fill: KINDS[k].fill }));
  $("runs-caption").append("Loss over ", account.noun, " ", keys(...kinds,
    ...(law ? [key("the baseline’s law", "line", { stroke: "var(--accent)" })] : []),
    ...(has((v) => v.state === "transition") ? [key("in transition", "cross", { stroke: "var(--ink)", fill: "var(--paper)" })] : []),
    ...(has((v) => v.state === "diverged") ? [key("diverged (at the top)", "triangle-up", { stroke: "var(--ink)", fill: "var(--paper)" })] : []),
    ...(study.held_out ? [key("predicted, and the mean that came", "circle", { stroke: "var(--ink)" })] : [])));
  const n = (state) => values.filter((v) => v.state === state).length;
  await embed("runs-chart", runsChart(values, wide), {
    says: `Loss over ${account.noun} of ${plural(values.length, "run")}, ${n("diverged")} diverged and ${n("transition")} in transition. ${law ? sayLaw() : "There is no law."} ${sayHeldOut()}`,
  });
  $("runs-note").append("Runs of equal ", account.noun, " are spread sideways a little so that all can be seen; both axes are logarithmic.");
}

function fillRuns() {
  const { factors, metric } = study.study;
  const body = study.runs.map((r) => make("tr", {}, make("th", { scope: "row" }, `${r.id}`), cell(r.purpose), cell(isolated(r.scale)), ...factors.map((f) => cell(isolated(r.levels[f.name]))),
    cell(`${r.seed}`), cell(r.rate ? say(r.rate) : "–"), cell(r.transition ? "in transition" : r.outcome), cell(r.loss === null ? "–" : say(r.loss)), cell(amount(r.flops)),
    cell(amount(r.parameters)), cell(amount(r.tokens)), cell(amount(r.seconds))));
  fillTable("run-table", ["run", "purpose", "scale", ...factors.map((f) => f.name), "seed", "rate", "outcome", metric, "FLOPs", "parameters", "tokens", "seconds"], body);
}

// ---- together ----

async function drawTogether() {
  const joints = study.joints.filter((j) => isKnown(j.joint));
  const parts = (study.shapley ?? []).map((part, i) => ({ ...changes[i], part })).filter((p) => isKnown(p.part)).sort((a, b) => b.part[0] - a.part[0]);
  $("together-section").hidden = joints.length === 0 && study.interactions.length === 0;
  if ($("together-section").hidden) return;
  $("together-words").append(sayTogether(joints));
  await drawJoints(joints, parts);
  await drawPairs();
}

function sayTogether(joints) {
  if (joints.length === 0) return "The full recipe (every factor at its second level) was not run, so that what all changes do together is not known.";
  const j = lastOf(joints), [ratio, low, high] = j.ratio;
  const how = low > 1 ? "more than their product" : high !== null && high < 1 ? "less than their product" : "not told from their product";
  return `All changes together (every factor at its second level) are worth ${gainSaid(j.joint)} at ${j.scale}. The gains of the single changes multiply to ${gainSaid(j.product)}: together they are ${how}, ${withEnds([ratio, low, high], digits)} times as much.`;
}

async function drawJoints(joints, parts) {
  $("joint-pair").hidden = joints.length === 0;
  $("joints").hidden = joints.length === 0;
  if (joints.length === 0) return;
  $("joint-title").append("All together ", make("span", {}, "and the product of the single gains "),
    keys(key("together", "circle", { stroke: "var(--accent)", fill: "var(--accent)" }), key("product", "circle", { stroke: "var(--none)", fill: "var(--paper)" })));
  await embed("joint-chart", jointChart($("joint-chart").clientWidth), { says: joints.map((j) => `${j.scale}: together ${gainSaid(j.joint)}, product ${gainSaid(j.product)}`).join("; ") });
  fillTable("joint-table", ["scale", "together", "product", "ratio"], joints.map((j) => make("tr", {}, rowHead(j.scale), cell(gainSaid(j.joint)), cell(gainSaid(j.product)), cell(withEnds(j.ratio, digits)))), ["scale"]);
  $("parts-chart").closest("figure").hidden = parts.length === 0;
  if (parts.length === 0) return;
  $("parts-title").append("Each one’s part in it ", make("span", {}, `at ${lastOf(joints).scale}: mean over all orders (Shapley)`));
  const sum = Math.exp(parts.reduce((all, p) => all + p.part[0], 0));
  $("parts-note").append(`By the model, by which they come to ${times(sum)}; the full recipe itself came to ${times(lastOf(joints).joint[0])}.`);
  await embed("parts-chart", partsChart(parts, $("parts-chart").clientWidth), { says: parts.map((p) => `${p.title} ${gainSaid(p.part.map((v) => (v === null ? null : Math.exp(v))))}`).join("; ") });
  fillTable("part-table", ["change", "its part"], parts.map((p) => make("tr", {}, rowHead(p.title), cell(gainSaid(p.part.map((v) => (v === null ? null : Math.exp(v))))))), ["change"]);
}

const PAIRS_SHOWN = 10;
async function drawPairs() {
  const pairs = study.interactions, shown = pairs.filter((p) => isKnown(p.log_loss)).slice(0, PAIRS_SHOWN), out = pairs.filter(standsOut).length;
  $("pairs-figure").hidden = shown.length === 0;
  $("every-pair").hidden = pairs.length === 0;
  fillTable("pair-table", ["pair", "as a gain", "of log(loss − E)", "p", "weight"], pairs.map((p) => make("tr", {}, rowHead(titleOf(p)),
    cell(telling(p) === null ? "–" : gainSaid(p.ceg[telling(p)])), cell(withEnds(p.log_loss, signed)), cell(probability(p.p_adjusted)), cell(share(p.inclusion)))), ["pair"]);
  if (shown.length === 0) return;
  $("pairs-title").append("Pairs that are more, or less, than both ", make("span", {}, "left of 1× they share a gain, right of it they add to each other "));
  await embed("pairs-chart", pairsChart(shown, $("pairs-chart").clientWidth), { says: shown.map((p) => `${titleOf(p)} ${telling(p) === null ? lossSaid(p.log_loss) : gainSaid(p.ceg[telling(p)])}`).join("; ") });
  $("pairs-note").append(`Blue: it stands out (${out} of ${plural(pairs.length, "pair")}: false discovery rate below 10 %, or in most of the likelier models). `,
    shown.length < pairs.length ? `Shown: the likeliest ${shown.length}. ` : "", "Pairs were not named beforehand: they are hints for a next study.");
}

// ---- stability ----

// Each cell is at one level of the first factor.
function sayEdges() {
  const first = study.stability.filter((s) => s.factor === study.study.factors[0].name), sum = (what) => first.reduce((n, s) => n + s[what], 0);
  return sum("cells_at_edge") ? `Of ${plural(sum("cells_probed"), "cell")} ${sum("cells_at_edge")} did best at the lowest or highest rate tried: better ones may lie beyond. ` : "";
}

async function drawStability() {
  const levels = study.stability.map((s, i) => {
    const factor = study.study.factors.find((f) => f.name === s.factor);
    return { ...s, name: `${i}`, title: alone(`${s.factor}=${s.level}`), lines: [alone(shorten(`${s.factor}=${s.level}`, 40))], baseline: factor?.levels[0] === s.level, zero: 0 };
  });
  const diverged = study.runs.filter((r) => r.outcome === "diverged").length, failed = study.runs.filter((r) => r.outcome === "failed" || r.outcome === "timed-out").length;
  const probed = levels.filter((l) => l.cells_probed > 0 && l.rate_sensitivity !== null);
  $("stability-words").append(`${diverged ? `${capital(plural(diverged, "run"))} of ${whole.format(study.runs.length)} diverged` : "No run diverged"}${failed ? `; ${failed} failed or ran out of time` : ""}. `,
    diverged ? "All that is said of losses and gains is of runs that ended. " : "",
    sayEdges(), probed.length ? "Hollow: the baseline’s level." : "Learning rates were not probed: how much each change depends on its rate is not known.");
  fillTable("stability-table", ["level", "runs", "diverged", "failed", "cells probed", "best at the edge", "lost to a wrong rate", "best multiple of the rate"], levels.map((l) => make("tr", {}, rowHead(`${l.factor}=${l.level}`),
    cell(whole.format(l.runs)), cell(`${l.diverged}`), cell(`${l.failed}`), cell(`${l.cells_probed}`), cell(`${l.cells_at_edge}`), cell(say(l.rate_sensitivity)), cell(say(l.rate)))), ["level"]);
  $("diverged-figure").hidden = diverged === 0;
  $("rate-figure").hidden = probed.length === 0;
  $("stability-pair").hidden = diverged === 0 && probed.length === 0;
  if (diverged) {
    const values = levels.map((l) => ({ ...l, value: l.runs ? l.diverged / l.runs : 0, said: `${l.diverged} of ${l.runs}` }));
    $("diverged-title").append("Runs that diverged ", make("span", {}, "share of those with each level"));
    await embed("diverged-chart", levelsChart(values, { title: "diverged", format: ".0~%", wide: $("diverged-chart").clientWidth }), { says: values.map((v) => `${v.title} ${v.said}`).join("; ") });
  }
  if (probed.length) {
    const values = probed.map((l) => ({ ...l, value: l.rate_sensitivity, said: `${say(l.rate_sensitivity)}; best at ${say(l.rate)} times the base rate` }));
    $("rate-title").append("Lost to a wrong learning rate ", make("span", {}, "mean over the rates probed, less the best"));
    await embed("rate-chart", levelsChart(values, { title: study.study.metric, format: "~g", wide: $("rate-chart").clientWidth }), { says: values.map((v) => `${v.title} ${v.said}`).join("; ") });
  }
}

// ---- how it is known ----

const sayLaw = () => `log(loss − E) falls with log(${account.noun}): E ${withEnds(law.irreducible, digits)}, exponent ${withEnds(law.exponent, digits)}, residual ${rough(law.residual_sd)}; from ${plural(law.runs, "run")} of ${plural(law.cells, "cell")}.`;

function pair(list, term, text) {
  if (text) list.append(make("dt", {}, term), make("dd", {}, text));
}

function fillScales() {
  const has = (test) => scales.some(test), planned = has((s) => s.design), regular = has((s) => s.design?.resolution);
  const head = ["scale", "settings", ...(planned ? ["cells"] : []), ...(regular ? ["resolution"] : []), "runs", "diverged", "failed", "in transition", `baseline’s ${account.noun}`, "noise (sd of the loss)", "seen with 80 % power"];
  const settings = (s) => Object.entries(s.settings).map(([name, value]) => `${name} ${value}`).join(", ");
  const body = scales.map((s) => make("tr", {}, make("th", { scope: "row", className: "name" }, isolated(s.name), s.held_out ? " (held out)" : ""), cell(isolated(shorten(settings(s), 120)), "name"),
    ...(planned ? [cell(s.design ? `${s.design.cells}` : "–")] : []), ...(regular ? [cell(s.design?.resolution ? ROMAN[s.design.resolution] ?? `${s.design.resolution}` : "–")] : []),
    ...[whole.format(s.runs), `${s.diverged}`, `${s.failed}`, `${s.transition}`, amount(s.compute)].map((text) => cell(text)),
    cell(s.noise_degrees ? `${rough(s.noise_sd)} (${s.noise_degrees} df)` : "no replicates"), cell(s.detectable_loss === null ? "–" : `±${rough(s.detectable_loss)}`)));
  fillTable("scale-table", head, body, ["scale", "settings"]);
}
const ROMAN = { 3: "III", 4: "IV", 5: "V", 6: "VI", 7: "VII", 8: "VIII" };

function fillDesign() {
  const s = study.study, list = $("design"), aliases = [...new Set(scales.flatMap((x) => x.design?.aliases ?? []))];
  pair(list, "Design", `${s.design}: ${s.design_about}`);
  const efficiencies = scales.map((x) => x.design?.efficiency).filter((e) => e > 0);
  pair(list, "D-efficiency", efficiencies.length ? [...new Set(efficiencies.map((e) => e.toFixed(2)))].join(", ") : "");
  pair(list, "Many changes at once", `The p-values of all ${changes.length} changes are family-wise, by the largest |t| of bootstrap draws, stepping down (Westfall & Young, 1993): did nothing do anything, ${percentOf(report.false_calls)} of such studies would call something helpful or hurtful. Those of pairs are false discovery rates (Benjamini & Hochberg, 1995).`);
  pair(list, "Intervals", `${level}, from bootstrap draws in which the law is fitted anew`);
  pair(list, "Compared", report.account_about);
  pair(list, "The baseline’s law", law ? sayLaw() : "none: it needs two scales");
  pair(list, "Baseline", isolated([...Object.entries(s.base).map(([name, value]) => `${name}=${value}`), ...s.factors.map((f) => `${f.name}=${f.levels[0]}`)].join(", ")));
  $("aliases").hidden = aliases.length === 0;
  $("alias-list").append(...aliases.map((text) => make("li", {}, isolated(text))));
  for (const [term, text] of TERMS) $("term-list").append(make("dt", {}, term), make("dd", {}, text));
}

// ---- the rest ----

function fillHead() {
  const { runs } = study, begun = new Set(runs.map((r) => r.scale)).size, known = scales.map((s) => s.compute).filter((c) => c > 0), seconds = runs.reduce((sum, r) => sum + (r.seconds ?? 0), 0);
  const diverged = runs.filter((r) => r.outcome === "diverged").length;
  $("source").append("Ablation study ", isolated(report.source));
  $("headline").append(...report.headline.split(", ").flatMap((part, i, all) => [make("span", {}, i < all.length - 1 ? `${part},` : part), " "]));
  $("question").hidden = !study.study.question;
  if (study.study.question) $("question").append(isolated(study.study.question));
  define($("facts"), [
    ["runs", whole.format(runs.length)], ["scales", begun < scales.length ? `${begun} of ${scales.length}` : `${begun}`],
    [account.unit, known.length > 0 && (Math.max(...known) / Math.min(...known) > 1.05 ? `${amount(Math.min(...known))}–${amount(Math.max(...known))}` : amount(known[0]))],
    ["changes", `${changes.length}`], ["core time", seconds > 0 && duration(seconds)], ["diverged", `${diverged}`],
  ]);
}

function fillSettings() {
  $("command").hidden = !report.command;
  if (report.command) $("command").append(report.command);
  for (const [term, text] of [["Ockham", study.version], ["account", study.account], ["intervals", level], ["negligible within", `${times(1 / band)} and ${times(band)}`]]) pair($("settings"), term, text);
  $("footer").append(`Made by Ockham ${study.version}: the simplest model that the data support. This file needs no network.`);
}

async function show() {
  $("page").hidden = false;
  for (const part of [fillHead, fillAnswers, fillClaims, fillScales, fillDesign, fillSettings]) part();
  for (const part of [drawWorth, drawScale, drawRuns, drawTogether, drawStability]) await part();
  document.body.dataset.drawn = "yes";
}

show();
