// SPDX-License-Identifier: Apache-2.0
// The console: who is asked, what is heard, and what is shown of it. Texts of models, requests and programs only ever
// become text nodes.
"use strict";

const SILENCE_MS = 5000, RETRY_MS = 1500;
const line = { state: null, source: null, heardAt: 0, lostAt: 0, timer: 0, isNew: true };
const latest = () => line.state;

// ---- the head ----

const toneColours = { well: "#009e73", note: "#e69f00", bad: "#d55e00", lost: "#8c8c8c" };

function showTone(tone, words) {
  if (document.body.dataset.tone === tone && line.words === words) return;
  line.words = words;
  document.body.dataset.tone = tone;
  document.title = `${tone === "well" ? "" : "● "}${words} – Ockham`;
  const dot = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${toneColours[tone]}"/></svg>`;
  $("icon").href = `data:image/svg+xml,${encodeURIComponent(dot)}`;
  put($("verdict"), words);
  if (tone === "bad" || tone === "lost") put($("spoken"), words);
}

function problemItem(problem, state, isAlone) {
  const item = make("li", {}), parts = [];
  item.dataset.tone = problem.bad ? "bad" : "note";
  if (!isAlone) item.append(make("b", {}, problem.text));
  const ago = ` (${duration((state.time_ns - problem.since) / 1e9)} ago)`;
  if (problem.since) parts.push([`${problem.last ? "last" : "since"} `, timeOf(problem.since, state.time_ns), ago]);
  if (problem.more) parts.push([isolated(problem.more)]);
  parts.forEach((part, i) => item.append(i || !isAlone ? ", " : "", ...part));
  return item;
}

function showProblems(state) {
  const problems = problemsOf(state, recentDeaths), words = verdictOf(problems), bad = problems.filter((p) => p.bad);
  showTone(toneOf(problems), words);
  const items = problems.map((p) => problemItem(p, state, p === bad[0] && bad.length === 1));
  const key = items.map((item) => item.textContent).join("\n");
  if (line.problems === key) return;
  line.problems = key;
  $("problems").replaceChildren(...items);
}

function showFacts(state) {
  const sum = (field) => state.models.filter((m) => !m.shadow).reduce((total, m) => total + m.minute[field], 0);
  const all = sum("success") + sum("fault") + sum("refused"), seconds = Math.max(0, ...state.models.map((m) => m.minute.seconds));
  const slowest = state.models.filter((m) => m.minute.p99_ms && !m.shadow).sort((a, b) => b.minute.p99_ms - a.minute.p99_ms)[0];
  const names = state.models.filter((m) => m.state === "ready" && !m.breaker).length, { recording } = state;
  const pairs = [
    ["requests, last minute", rate(all, seconds)], ["failed", all ? `${share(sum("fault"), all)}` : NOTHING],
    ["refused", all ? `${share(sum("refused"), all)}` : NOTHING],
    [slowest && state.models.length > 1 ? `slowest p99, of ${nameOf(slowest)}` : "p99", milliseconds(slowest?.minute.p99_ms)],
    ["ready", `${names} of ${plural(state.models.length, "model")}`],
    ["recorded", recording ? `${whole.format(recording.requests)}, ${bytes(recording.bytes)}` : "nothing is"],
  ];
  const list = $("facts");
  if (list.children.length === 0) define(list, pairs);
  pairs.forEach(([term, text], i) => {
    put(list.children[i].firstChild, term);
    put(list.children[i].lastChild, text);
  });
}

function sayLine() {
  const live = $("live"), lost = line.lostAt > 0;
  live.classList.toggle("lost", lost);
  put(live, lost ? `no connection for ${duration((Date.now() - line.lostAt) / 1000)}; trying again` : "live");
  if (lost && line.state && Date.now() - line.lostAt > SILENCE_MS) {
    showTone("lost", "No word from the server");
    document.body.classList.add("stale");
  }
}

function show(state) {
  const count = new Map();
  for (const m of state.models) count.set(m.name, (count.get(m.name) ?? 0) + 1);
  for (const m of state.models) m.alone = count.get(m.name) === 1;
  line.state = state;
  document.body.classList.remove("stale");
  put($("server"), `ockham ${state.version} serves at ${state.url}, up ${duration(state.up_seconds)}`);
  showProblems(state);
  showFacts(state);
  showModels(state);
  offerModels(state);
  $("page").hidden = false;
}

// Recordings are read when something was recorded, and events when something happened.
function followUp(state) {
  const requests = `${state.recording?.requests}`, happened = JSON.stringify([state.unloaded, state.models.map((m) =>
    [keyOf(m), m.state, m.starts, m.deaths, m.quarantined, m.breaker, m.drift?.n_episodes, m.drift?.status])]);
  if (line.requests !== requests && !document.hidden && !$("request").open && Date.now() > listed.notBefore) {
    line.requests = requests;
    showRequests();
  }
  if (line.happened !== happened && !document.hidden) {
    line.happened = happened;
    showEvents();
    setTimeout(showEvents, 1500); // an event may come after the count that tells of it
  }
}

// ---- the line ----

async function hear(state) {
  line.heardAt = Date.now();
  line.lostAt = 0;
  if (line.isNew || leavesGap(state)) takeHistory(await get("/admin/history"));
  line.isNew = false;
  state.models.forEach(takeSlices);
  show(state);
  followUp(state);
  sayLine();
  await drawCharts(state);
  await showDrift(state);
}

function hangUp() {
  line.source?.close();
  line.source = null;
  line.lostAt ||= Date.now();
  sayLine();
  clearTimeout(line.timer);
  line.timer = setTimeout(connect, RETRY_MS);
}

function listen() {
  const source = new EventSource("/admin/stream");
  line.source = source;
  source.addEventListener("message", (event) => hear(JSON.parse(event.data)).catch(hangUp));
  source.addEventListener("error", () => { if (line.source === source) hangUp(); });
}

async function connect() {
  try {
    const state = await get("/admin/state");
    line.isNew = true; // it may be another server, whose slices and events count anew
    line.happened = line.requests = null;
    forgetEvents();
    forgetRequests();
    $("login").hidden = true;
    await hear(state);
    listen();
  } catch (error) {
    if (error.status === 401) askForToken();
    else hangUp();
  }
}

// ---- who may ----

function askForToken() {
  line.lostAt = 0;
  $("page").hidden = true;
  $("login").hidden = false;
  $("token").focus();
}

async function logIn(event) {
  event.preventDefault();
  const response = await fetch("/admin/login", { method: "POST", body: $("token").value.trim() }).catch(() => null);
  if (response?.ok) {
    $("token").value = "";
    put($("login-problem"), "");
    connect();
    return;
  }
  put($("login-problem"), response?.status === 401 ? "This is not the token." : "The server did not answer.");
  $("token").select();
}

// ---- begin ----

function fillFilter() {
  $("filter-kind").append(...SHOWS.map(([words]) => make("option", {}, words)));
  const again = () => { listed.limit = PAGE; showRequests(); };
  $("filter").addEventListener("submit", (event) => event.preventDefault());
  $("filter").addEventListener("change", again);
  $("filter-id").addEventListener("input", again);
  $("requests-more").addEventListener("click", () => { listed.limit += PAGE; showRequests(); });
}

function begin() {
  fillFilter();
  $("login").addEventListener("submit", logIn);
  $("charts").addEventListener("keydown", walk);
  $("request-close").addEventListener("click", () => $("request").close());
  $("request").addEventListener("close", () => { if (location.hash) history.replaceState(null, "", location.pathname); showRequests(); });
  $("request").addEventListener("click", (event) => { if (event.target === $("request")) $("request").close(); });
  window.addEventListener("hashchange", followHash);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && line.state) { followUp(line.state); drawCharts(line.state); } });
  window.addEventListener("load", () => { if (line.state) drawCharts(line.state); }); // what draws them is here now
  setInterval(() => { if (line.source && Date.now() - line.heardAt > SILENCE_MS) hangUp(); else sayLine(); }, 1000);
  $("footer").append("All times are this browser's; rest the pointer on one for UTC. Latency is of requests that were answered. ",
    "The same as JSON: /admin/state, /admin/history, /admin/requests, /admin/events, /v2/models/{m}/drift; for Prometheus: /metrics.");
  connect().then(followHash);
}

begin();
