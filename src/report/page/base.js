// SPDX-License-Identifier: Apache-2.0
// What the pages have in common: elements, words, and how charts look.
"use strict";

const $ = (id) => document.getElementById(id);

// An element with what is in it: strings become text.
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
const isolated = (text) => make("bdi", {}, text);
const plural = (n, word) => `${whole.format(n)} ${word}${n === 1 ? "" : "s"}`;
const shorten = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const alone = (text) => `\u2068${text}\u2069`; // so that no direction of writing leaks out of it

const define = (list, pairs) => pairs.forEach(([term, text]) => {
  if (text) list.append(make("div", {}, make("dt", {}, term), make("dd", {}, text)));
});

// The columns of these names are texts.
function fillTable(id, head, body, names = []) {
  const cells = head.map((title) => make("th", { scope: "col", className: names.includes(title) ? "name" : "" }, title));
  $(id).append(make("thead", {}, make("tr", {}, ...cells)), make("tbody", {}, ...body));
}

// Pairs of a name and a text as a tooltip.
const rowsOf = (pairs, clean) =>
  `<table>${pairs.map(([key, value]) =>
    `<tr><td class="key">${clean(key)}</td><td class="value">${clean(value)}</td></tr>`).join("")}</table>`;

// ---- charts ----

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif";
const config = (ink) => ({
  background: null,
  font: FONT,
  view: { stroke: null },
  axis: {
    domain: false, ticks: false, gridColor: ink.grid, labelColor: ink.muted, titleColor: ink.muted, labelFontSize: 11,
    titleFontSize: 11, titleFontWeight: "normal", labelPadding: 6, titlePadding: 8,
  },
  text: { color: ink.ink, fontSize: 11 },
});
// A chart as wide as its container, and as high as it says (`fit`) or as its rows are (`fit-x`).
const sized = (height, padding = 0, type = "fit") => ({
  width: "container", height, autosize: { type, contains: "padding", resize: true }, padding,
});
const DESCENDERS = { left: 0, right: 2, top: 2, bottom: 4 }; // of the title below, which is measured without them
const INK = { ink: "var(--ink)", muted: "var(--muted)", grid: "var(--grid)" };
// Numbers on an axis: "12k" where they are that large, but 0.5 is no "500m".
const plainNumbers = { labelExpr: "format(datum.value, ',~g')" };
