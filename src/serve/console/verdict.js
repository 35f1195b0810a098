// SPDX-License-Identifier: Apache-2.0
// What is wrong, in words, and since when. Only of the state: no figures of the page's own.
"use strict";

const FAULTS_SHARE = 0.01, FAULTS_LEAST = 3, REFUSED_SHARE = 0.2, REFUSED_LEAST = 10, STARTING_SECONDS = 30, DEATHS_MANY = 3;

const totalOf = (span) => span.success + span.fault + span.refused;

function readiness(m, ago) {
  const { since } = m, name = nameOf(m);
  if (m.state === "failed") return { bad: true, text: `${name} is not running`, since: since.unready_ns, more: m.problem };
  if (m.breaker)
    return { bad: true, text: `${name} turns requests away`, since: since.breaker_ns, more: "its workers died or timed out too often in a row" };
  if (m.state === "ready") return m.workers > 0 && m.up < m.workers && !since.unready_ns
    ? { text: `${m.up} of ${plural(m.workers, "worker")} of ${name} ${m.up === 1 ? "is" : "are"} up` } : null;
  const bad = since.unready_ns && ago(since.unready_ns) > STARTING_SECONDS;
  return { bad, text: bad ? `${name} is not ready` : `${name} is starting`, since: since.unready_ns, more: m.problem };
}

function faults(m) {
  const { minute } = m, total = totalOf(minute);
  if (!minute.fault) return null;
  const rest = minute.rejected ? `; ${whole.format(minute.rejected)} of them turned away` : "";
  const more = `${whole.format(minute.fault)} of ${plural(total, "request")} in the last minute${rest}`;
  const bad = minute.fault >= FAULTS_LEAST && minute.fault > FAULTS_SHARE * total;
  return { bad, text: `${nameOf(m)} fails ${bad ? share(minute.fault, total) : "a few"} of its requests`, since: m.since.faults_ns, more };
}

function deaths(m, ago, recent) {
  if (!recent) return null;
  const text = recent === 1 ? `A worker of ${nameOf(m)} died` : `Workers of ${nameOf(m)} died ${recent} times`;
  return { bad: recent >= DEATHS_MANY, text, since: m.since.death_ns, last: true, more: "in the last ten minutes; what they said is among the events" };
}

function refusals(m) {
  const total = totalOf(m.minute), n = m.minute.refused;
  if (n < REFUSED_LEAST || n < REFUSED_SHARE * total) return null;
  return { text: `${nameOf(m)} is sent what it cannot take`, more: `${whole.format(n)} of ${plural(total, "request")} in the last minute` };
}

function waiting(m) {
  return m.waiting > 4 * Math.max(m.workers ?? 1, 1) ? { text: `${whole.format(m.waiting)} requests wait for ${nameOf(m)}` } : null;
}

const drifts = (m) => (m.drift?.status === "drift" ? { bad: true, text: `${nameOf(m)} drifts`, since: m.drift.since_ns, more: m.drift.words } : null);

function recordingOf({ recording }) {
  if (!recording?.problem) return null;
  return { bad: true, text: "The recording loses entries", more: `${whole.format(recording.lost)} lost: ${recording.problem}` };
}

// The worst first. `recentDeaths`: of a model, in the last ten minutes.
function problemsOf(state, recentDeaths) {
  const ago = (ns) => (state.time_ns - ns) / 1e9;
  const all = [recordingOf(state)];
  for (const m of state.models) {
    const found = [readiness(m, ago), faults(m), deaths(m, ago, recentDeaths(m)), refusals(m), waiting(m), drifts(m)].filter(Boolean);
    all.push(...found.map((p) => ({ ...p, bad: Boolean(p.bad) && !m.shadow }))); // nobody waits for a shadow
  }
  if (state.models.length === 0) all.push({ text: "No model is loaded" });
  return all.filter(Boolean).sort((a, b) => b.bad - a.bad);
}

// The line on top.
function verdictOf(problems) {
  const bad = problems.filter((p) => p.bad);
  if (bad.length > 1) return `${bad.length} things are wrong`;
  if (bad.length === 1) return bad[0].text;
  if (problems.length === 0) return "All is well";
  return problems.length === 1 ? "All is well, with one note" : `All is well, with ${problems.length} notes`;
}

const toneOf = (problems) => (problems.some((p) => p.bad) ? "bad" : problems.length ? "note" : "well");
