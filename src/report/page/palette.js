// SPDX-License-Identifier: Apache-2.0
// How clusters are told apart: eight colours, and beyond eight clusters also shapes. The colours are those of Okabe &
// Ito (2008), which people see as different whatever cones they lack; for their black stands a grey that can be seen on
// white and on black.
"use strict";

const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#8c8c8c", "#f0e442"];
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right"];
// As Vega draws them, in a square from -1 to 1.
const OUTLINES = {
  circle: "M-1 0A1 1 0 1 0 1 0A1 1 0 1 0-1 0Z",
  square: "M-.9-.9H.9V.9H-.9Z",
  "triangle-up": "M-1 .87L0-.87L1 .87Z",
  diamond: "M0-1.1L1 0L0 1.1L-1 0Z",
  cross: "M-1-.4H-.4V-1H.4V-.4H1V.4H.4V1H-.4V.4H-1Z",
  "triangle-down": "M-1-.87H1L0 .87Z",
  "triangle-right": "M-.87-1L.87 0L-.87 1Z",
};

const colourOf = (cluster) => COLOURS[cluster % COLOURS.length];
const shapeOf = (cluster) => SHAPES[Math.floor(cluster / COLOURS.length) % SHAPES.length];
// Colours on which white cannot be read.
const PALE = new Set(["#e69f00", "#56b4e9", "#f0e442"]);
const isPale = (cluster) => PALE.has(colourOf(cluster));
// Whether there are more clusters than have room for their numbers, and for words beside them.
const areMany = (k) => k > 40;
const clustersOf = (k) => Array.from({ length: k }, (_, cluster) => cluster);
const colourScale = (k) => ({ domain: clustersOf(k), range: clustersOf(k).map(colourOf) });
const shapeScale = (k) => ({ domain: clustersOf(k), range: clustersOf(k).map(shapeOf) });

const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

// Four digits that matter, none fewer of a whole number; an exponent for what is very large or small.
function say(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e9 || (size > 0 && size < 1e-4)) return value.toExponential(3).replace("-", "−").replace("e+", "e");
  return (size >= 1000 ? whole : number).format(value).replace("-", "−");
}
const percent = (share) => `${(100 * share).toFixed(1)} %`;
