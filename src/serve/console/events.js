// SPDX-License-Identifier: Apache-2.0
// What happened: deaths, loads, breakers.
"use strict";

const KIND_WORDS = {
  death: ["death", "bad"], start: ["start", ""], load: ["loaded", ""], unload: ["unloaded", ""], quarantine: ["quarantine", "bad"],
  "drift begin": ["drift", "bad"], "drift end": ["drift over", "well"], "breaker-open": ["breaker open", "bad"], "breaker-closed": ["breaker closed", "well"],
};
const MOST_EVENTS = 100, MOST_TEXT = 600;
const known = { events: [], after: 0, busy: false };

async function fetchEvents() {
  const found = await get(`/admin/events?${new URLSearchParams({ limit: MOST_EVENTS, after: known.after })}`);
  known.events.push(...found);
  known.events.splice(0, Math.max(0, known.events.length - MOST_EVENTS));
  known.after = known.events.at(-1)?.number ?? 0;
  return found.length;
}

function forgetEvents() {
  known.events = [];
  known.after = 0;
  $("events-body").replaceChildren();
}

async function deathOf(id) {
  await fetchEvents().catch(() => 0);
  return known.events.findLast((event) => event.kind === "death" && event.details.request === id) ?? null;
}

function eventRow(event, nowNs) {
  const [word, tone] = KIND_WORDS[event.kind === "drift" ? `drift ${event.details.phase}` : event.kind] ?? [event.kind, ""], what = make("td", { className: "text" }, word);
  what.dataset.tone = tone;
  const words = make("td", { className: "text what" }), { stderr, request } = event.details;
  const text = isolated(shorten(event.text, MOST_TEXT));
  words.append(stderr ? make("details", {}, make("summary", {}, text), make("pre", { className: "body" }, stderr)) : text);
  if (request) words.append(make("small", {}, "at request ", make("a", { href: `#id=${encodeURIComponent(request)}` }, isolated(request))));
  const row = make("tr", {}, make("td", {}, timeOf(event.time_ns, nowNs)), what,
    make("td", { className: "text" }, isolated(event.version ? `${event.model}:${event.version}` : event.model)), words);
  row.dataset.number = event.number;
  return asRow(row);
}

async function showEvents() {
  if (known.busy) return;
  known.busy = true;
  try {
    const n = await fetchEvents();
    put($("events-note"), known.events.length ? "" : "None.");
    const body = $("events-body");
    if (n) body.prepend(...known.events.slice(-n).reverse().map((event) => eventRow(event, latest()?.time_ns)));
    while (body.rows.length > MOST_EVENTS) body.lastElementChild.remove();
  } catch (error) {
    put($("events-note"), `${error.message[0].toUpperCase()}${error.message.slice(1)}.`);
  } finally {
    known.busy = false;
  }
}
