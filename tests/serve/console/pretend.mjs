// SPDX-License-Identifier: Apache-2.0
// A server that pretends: it has the console's files, and states that would take long to bring about.
import { createServer } from "node:http";

const NS = 1e6, SLICES = 120;
const slice = (number, { success = 0, fault = 0, refused = 0, ms = 1, deaths = 0, waiting = 0 } = {}) => ({
  number, seconds: 5, success, fault, rejected: 0, refused, rows: success, deaths, cpu_seconds: (success * ms) / 1000,
  p50_ms: success ? ms : null, p99_ms: success ? 6 * ms : null, mean_ms: success ? 1.3 * ms : 0,
  phase_ms: success ? [0.05, 0.1 * ms, 0.1 * ms, ms, 0.05 * ms] : [0, 0, 0, 0, 0], waiting, busy: 1, memory: 5e7,
});

// A model of which `at(number)` says what a slice holds.
export function model(name, at, more = {}) {
  return {
    name, version: "1", platform: "ockham_worker", state: "ready", shadow: false, weight: 0, problem: "", success: 0, failure: 0,
    compared: 0, different: 0, dropped: 0, workers: 2, up: 2, busy: 1, waiting: 0, starts: 2, deaths: 0, quarantined: 0,
    memory: 181e6, peak_memory: 240e6, breaker: false, limits: "cgroup v2", since: { unready_ns: 0, breaker_ns: 0, faults_ns: 0, death_ns: 0 }, at, ...more,
  };
}

function minuteOf(m, number) {
  const minute = { seconds: 60, success: 0, fault: 0, rejected: 0, refused: 0, rows: 0, deaths: 0, cpu_seconds: 0, p50_ms: null, p99_ms: null, mean_ms: 0, phase_ms: [0, 0, 0, 0, 0] };
  for (let n = number - 11; n <= number; n++) {
    const s = slice(n, m.at(n));
    for (const field of ["success", "fault", "refused", "rows", "deaths", "cpu_seconds"]) minute[field] += s[field];
    minute.p50_ms ??= s.p50_ms;
    minute.p99_ms = Math.max(minute.p99_ms ?? 0, s.p99_ms ?? 0) || null;
  }
  return minute;
}

const described = ({ at, ...rest }, number) => ({ ...rest, minute: minuteOf({ at }, number), slices: [slice(number - 1, at(number - 1)), slice(number, at(number))] });

// files: path to { type, policy, body }. world: { models, requests, events, recording, unloaded, token, drift }, which may
// be changed while it runs; drift: by model, the document about it.
export async function pretend(files, world) {
  const begin = Date.now() - 700 * 1000, listeners = new Set(), asked = [];
  const number = () => Math.floor((Date.now() - begin) / 5000);
  const state = () => ({
    version: "0.1.0", time_ns: Date.now() * NS, up_seconds: (Date.now() - begin) / 1000, url: "http://127.0.0.1:8080",
    recording: world.recording, models: world.models.map((m) => described(m, number())), unloaded: world.unloaded ?? [],
  });
  const history = () => ({
    time_ns: Date.now() * NS, slice_seconds: 5,
    models: world.models.map((m) => ({ name: m.name, version: m.version, slices: Array.from({ length: SLICES }, (_, i) => number() - SLICES + 1 + i).map((n) => slice(n, m.at(n))) })),
  });
  const withBodies = (url) => world.requests.find((r) => `/admin/requests/${r.number}` === url.pathname);
  const plainly = ({ request, answer, ...rest }) => rest;
  function passes(r, query) {
    if (r.number <= Number(query.get("after") ?? 0)) return false;
    const least = Number(query.get("least_status") ?? 0), most = Number(query.get("most_status") || 999), marks = query.get("marks")?.split(","), id = query.get("id"), name = query.get("model");
    return r.status >= least && r.status <= most && (!marks || r.marks.some((m) => marks.includes(m))) && (!id || r.id === id) && (!name || r.model === name);
  }
  const documents = {
    "/admin/state": state, "/admin/history": history,
    "/admin/requests": (url) => world.requests.filter((r) => passes(r, url.searchParams)).sort((a, b) => b.number - a.number).slice(0, Number(url.searchParams.get("limit") ?? 50)).map(plainly),
    "/admin/events": (url) => world.events.filter((e) => e.number > Number(url.searchParams.get("after") ?? 0)),
  };
  const driftOf = (url) => world.drift?.[/^\/v2\/models\/([^/]+)\/versions\/1\/drift$/.exec(url.pathname)?.[1]];
  function stream(response) {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(`data: ${JSON.stringify(state())}\n\n`);
    listeners.add(response);
    response.on("close", () => listeners.delete(response));
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://localhost"), file = files[url.pathname];
    asked.push(`${request.method} ${request.url}`);
    const send = (value, status = 200) => response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value).replace(/"@(\d+)@"/g, "[$1]")); // longer than numbers here
    if (file) response.writeHead(200, { "Content-Type": file.type, ...(file.policy && { "Content-Security-Policy": file.policy }) }).end(file.body);
    else if (url.pathname === "/admin/stream") stream(response);
    else if (documents[url.pathname]) send(documents[url.pathname](url));
    else if (withBodies(url)) send(withBodies(url));
    else if (driftOf(url)) send(driftOf(url));
    else if (request.method === "POST") send({});
    else send({ error: "there is nothing" }, 404);
  });
  const timer = setInterval(() => { for (const l of listeners) l.write(`data: ${JSON.stringify(state())}\n\n`); }, 1000);
  const listen = (port = 0) => new Promise((resolve) => { server.listen(port, "127.0.0.1", () => resolve(server.address().port)); });
  const port = await listen();
  const cut = () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
  return { url: `http://127.0.0.1:${port}/`, asked, state, cut, again: () => listen(port), close: async () => { clearInterval(timer); await cut(); } };
}
