// SPDX-License-Identifier: Apache-2.0
// Numbers with their units, and times.
"use strict";

const PHASES = ["read", "decode", "queue", "compute", "encode"];
const NOTHING = "–";
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const two = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });

function milliseconds(ms) {
  if (ms === null || ms === undefined) return NOTHING;
  if (ms < 0.1) return `${three.format(ms * 1000)} µs`;
  return ms < 1000 ? `${three.format(ms)} ms` : `${three.format(ms / 1000)} s`;
}

function bytes(n) {
  if (!n) return NOTHING;
  const power = Math.min(Math.floor(Math.log2(n) / 10), 4);
  return `${three.format(n / 1024 ** power)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
}

const rate = (n, seconds) => (seconds > 0 && n > 0 ? `${three.format(n / seconds)}/s` : "0/s");
// No share of some is "0 %", and none of not all "100 %".
function share(part, all) {
  if (!all || !part) return "0 %";
  const percents = (100 * part) / all;
  return percents < 0.1 ? "< 0.1 %" : part < all && percents > 99.9 ? "> 99.9 %" : `${(percents > 99 ? three : two).format(percents)} %`;
}

function duration(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (hours < 1) return `${minutes} min`;
  return days < 1 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

// Local; with the day when it is another than the server's; in UTC where the pointer rests.
function timeOf(ns, nowNs, fine = false) {
  const date = new Date(ns / 1e6), today = day.format(new Date((nowNs ?? ns) / 1e6)) === day.format(date);
  const text = clock.format(date) + (fine ? `.${String(date.getMilliseconds()).padStart(3, "0")}` : "");
  return make("time", { dateTime: date.toISOString(), title: `${date.toISOString().replace("T", " ").replace("Z", "")} UTC` },
    today ? text : `${day.format(date)}, ${text}`);
}

// Set a text where it is another: what is selected stays so.
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
const button = (text, onClick, properties = {}) => {
  const element = make("button", { type: "button", ...properties }, text);
  element.addEventListener("click", onClick);
  return element;
};
const nameOf = (model) => (model.alone ? model.name : `${model.name}:${model.version}`);
const keyOf = (model) => `${model.name}:${model.version}`; // names hold no colon
