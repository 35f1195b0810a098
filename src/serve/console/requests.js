// SPDX-License-Identifier: Apache-2.0
// Recorded requests: a table of them, and everything of one.
"use strict";

const SHOWS = [
  ["worth a look", [["least_status", 500], ["least_status", 400, "most_status", 499], ["marks", "slow"], ["marks", "far"],
    ["marks", "cancelled,differs"]]],
  ["failed", [["least_status", 500]]],
  ["refused", [["least_status", 400, "most_status", 499]]],
  ["slow", [["marks", "slow"]]],
  ["far from what the model was fitted on", [["marks", "far"]]],
  ["of the kind that grew during drift", [["marks", "drift"]]],
  ["a worker died", [["marks", "died"]]],
  ["a shadow answered differently", [["marks", "differs"]]],
  ["all", [[]]],
];
const PAGE = 50, PAUSE_MS = 2000;
const listed = { limit: PAGE, filter: null, newest: 0, answers: [], each: PAGE, key: null, busy: false, again: false, notBefore: 0 };

async function get(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  const value = parseExactly(await response.text());
  if (!response.ok) throw Object.assign(new Error(value?.error ?? `the server answered ${response.status}`), { status: response.status });
  return value;
}

// ---- the list ----

// More than one question where one filter cannot say it, so that many of a kind leave room for the others. Only what came
// since the last time is asked for: a recording may be long.
async function askQuestions() {
  const [, questions] = SHOWS[$("filter-kind").selectedIndex], model = $("filter-model").value, id = $("filter-id").value.trim();
  const limit = Math.ceil(listed.limit / questions.length), filter = JSON.stringify([questions, model, id, limit]);
  const [last] = await get("/admin/requests?limit=1"), before = listed.filter === filter ? listed : { newest: 0, answers: [] };
  if (last && last.number === before.newest) return;
  const answers = await Promise.all(questions.map(async (pairs, i) => {
    const query = new URLSearchParams({ limit, after: before.newest, ...(model && { model }), ...(id && { id }) });
    if (!id) for (let j = 0; j < pairs.length; j += 2) query.set(pairs[j], pairs[j + 1]);
    return [...await get(`/admin/requests?${query}`), ...(before.answers[i] ?? [])];
  }));
  Object.assign(listed, { filter, newest: last?.number ?? 0, answers: answers.map((answer) => uniquely(answer).slice(0, limit)), each: limit });
}

// Each once, the newest first.
const uniquely = (requests) => [...new Map(requests.map((r) => [r.number, r])).values()].sort((a, b) => b.number - a.number);

function forgetRequests() {
  listed.filter = null;
}

// On a phone rows are laid out anew, and would be no rows to a screen reader.
function asRow(row) {
  row.setAttribute("role", "row");
  for (const one of row.cells) one.setAttribute("role", "cell");
  return row;
}

const statusTone = (r) => (r.status >= 500 ? "bad" : r.status >= 400 ? "note" : "");

function requestRow(r, nowNs) {
  const link = make("a", { href: `#request=${r.number}` }, timeOf(r.time_ns, nowNs, true));
  const status = make("td", { className: "status" }, `${r.status}`);
  status.dataset.tone = statusTone(r);
  const row = make("tr", { className: "clickable" }, make("td", {}, link), status,
    make("td", { className: "text" }, isolated(r.version ? `${r.model}:${r.version}` : r.model)),
    make("td", {}, milliseconds(r.total_us / 1000)), make("td", {}, r.rows ? whole.format(r.rows) : NOTHING),
    make("td", { className: "text" }, r.marks.join(", ")),
    make("td", { className: "text what" }, isolated(shorten(r.error || r.route, 240)), make("small", {}, isolated(r.id))));
  row.dataset.number = r.number;
  asRow(row);
  row.addEventListener("click", (event) => {
    if (!event.target.closest("a") && getSelection().isCollapsed) location.hash = `request=${r.number}`;
  });
  return row;
}

async function showRequests() {
  if (listed.busy) {
    listed.again = true;
    return;
  }
  listed.busy = true;
  const begin = performance.now();
  try {
    do {
      listed.again = false;
      await askQuestions();
    } while (listed.again);
    placeRequests();
  } catch (error) {
    put($("requests-note"), `${error.message[0].toUpperCase()}${error.message.slice(1)}.`);
  } finally {
    listed.busy = false;
    listed.notBefore = Date.now() + Math.max(PAUSE_MS, 10 * (performance.now() - begin));
  }
}

function placeRequests() {
  const requests = uniquely(listed.answers.flat()), key = requests.map((r) => r.number).join();
  $("requests-more").hidden = listed.answers.every((answer) => answer.length < listed.each);
  put($("requests-note"), requests.length ? "" : "None.");
  if (key === listed.key) return;
  listed.key = key;
  const focused = document.activeElement?.closest("#requests-body tr")?.dataset.number;
  $("requests-body").replaceChildren(...requests.map((r) => requestRow(r, latest()?.time_ns)));
  if (focused) $("requests-body").querySelector(`tr[data-number="${focused}"] a`)?.focus();
}

function offerModels(state) {
  const names = [...new Set([...state.models.map((m) => m.name), ...state.unloaded])], select = $("filter-model");
  if (listed.names === names.join()) return;
  listed.names = names.join();
  const value = select.value;
  select.replaceChildren(make("option", { value: "" }, "every model"), ...names.map((name) => make("option", { value: name }, name)));
  select.value = names.includes(value) ? value : "";
}

// ---- one request ----

function phaseBar(r) {
  const total = Math.max(r.total_us, PHASES.reduce((sum, p) => sum + (r.phase_us[p] ?? 0), 0)) || 1;
  const known = PHASES.map((phase, i) => [phase, r.phase_us[phase] ?? 0, phaseColours[i]]);
  const rest = total - known.reduce((sum, [, us]) => sum + us, 0);
  if (rest > total / 100) known.push(["besides", rest, "var(--line)"]);
  const bar = make("div", { className: "phase-bar" }), list = make("dl", { className: "phases" });
  bar.setAttribute("aria-hidden", "true");
  for (const [phase, us, colour] of known) {
    const part = make("i"), swatch = make("i");
    part.style.width = `${(100 * us) / total}%`;
    part.style.background = swatch.style.background = colour;
    bar.append(part);
    list.append(make("div", {}, make("dt", {}, swatch, phase), make("dd", {}, milliseconds(us / 1000))));
  }
  return [bar, list];
}

function commandView(text) {
  const pre = make("pre", { className: "command" }, text);
  const select = () => getSelection().selectAllChildren(pre); // where the page may not write to the clipboard
  const copy = button("copy", () => {
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => put(copy, "copied"), select);
    else select();
  }, { className: "copy" });
  return make("div", { className: "copyable" }, pre, copy);
}

function deathView(event) {
  const { exit_code: code, signal, stderr, process, worker } = event.details, list = make("dl", { className: "facts" });
  define(list, [["worker", worker === undefined ? "" : `${worker}`], ["process", process ? `${process}` : ""],
    ["signal", signal ? `${signal}` : ""], ["exit code", code >= 0 ? `${code}` : ""]]);
  const said = [make("p", { className: "note" }, "the end of what it said on standard error"), make("pre", { className: "body" }, stderr)];
  return [make("p", {}, isolated(event.text)), list, ...(stderr ? said : [])];
}

const titled = (title, ...content) => [make("h3", {}, title), ...content];

function requestView(r, state, death) {
  const list = make("dl", { className: "facts" });
  define(list, [["took", milliseconds(r.total_us / 1000)], ["rows", r.rows ? whole.format(r.rows) : ""],
    ["in", bytes(r.bytes_in)], ["out", bytes(r.bytes_out)],
    ["CPU of the worker", r.cpu_us ? milliseconds(r.cpu_us / 1000) : ""], ["marks", r.marks.join(", ")]]);
  const more = make("dl", { className: "settings" });
  const besides = [["asked", r.route], ["request id", r.id], ["unit key", r.key], ["client", r.client], ["content type", r.content_type],
    ["answer", r.answer_type], ["hash of the body", r.hash]];
  for (const [term, text] of besides)
    if (text) more.append(make("dt", {}, term), make("dd", {}, isolated(text)));
  const unkept = make("p", { className: "note" },
    "Bodies are kept of requests that failed, were slow or far from what the model was fitted on, and of a sample.");
  return [
    ...(r.error ? [make("p", { className: "error" }, isolated(r.error))] : []), list,
    ...titled("Where the time went", ...phaseBar(r)),
    ...(death ? titled("The worker died", ...deathView(death)) : []),
    ...titled("Request", ...(r.request === undefined ? [unkept] : explainedView(r.request))),
    ...(r.answer === undefined ? [] : titled("Answer", ...explainedView(r.answer))),
    ...(r.request === undefined ? [] : titled("Ask again", ...commandsOf(r, state).map(commandView))),
    ...titled("Besides", more),
  ];
}

async function showRequest(number) {
  const dialog = $("request"), state = latest();
  put($("request-title"), `Request ${number}`);
  $("request-body").replaceChildren(make("p", { className: "note" }, "…"));
  delete dialog.dataset.shown;
  if (!dialog.open) dialog.showModal();
  try {
    const r = await get(`/admin/requests/${number}`), tone = make("span", { className: "status" }, `${r.status}`);
    const death = r.marks.includes("died") ? await deathOf(r.id) : null;
    tone.dataset.tone = statusTone(r);
    const when = make("small", {}, `request ${number}, `, timeOf(r.time_ns, state.time_ns, true));
    $("request-title").replaceChildren(tone, " ", isolated(r.version ? `${r.model}:${r.version}` : r.model), " ", when);
    $("request-body").replaceChildren(...requestView(r, state, death));
  } catch (error) {
    $("request-body").replaceChildren(make("p", { className: "error" }, error.message));
  }
  dialog.dataset.shown = `${number}`;
}

// "#request=17", "#id=r-17"; no such thing closes what is open.
async function followHash() {
  const [key, text] = decodeURIComponent(location.hash.slice(1)).split("=");
  if (key === "request" && /^\d+$/.test(text)) return showRequest(Number(text));
  if (key === "id" && text) {
    const [found] = await get(`/admin/requests?${new URLSearchParams({ id: text, limit: 1 })}`).catch(() => []);
    if (found) return showRequest(found.number);
    put($("requests-note"), `Request ${text} is not in the recording.`);
  }
  if ($("request").open) $("request").close();
  return undefined;
}
