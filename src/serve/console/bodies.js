// SPDX-License-Identifier: Apache-2.0
// Recorded bodies, as the server explains them: {"kind", "inputs" or "outputs"} of tensors, {"json"}, {"csv"}, {"ndjson"},
// or {"note", "text" or "base64"} of what it cannot read. As tables where they are, and as lines for a shell.
"use strict";

// ---- JSON whose integers may be longer than numbers hold; but for times, which need not be exact ----

function parseExactly(text) {
  const exact = (key, value, context) => (typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER && !key.endsWith("_ns")
    && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context.source) : value);
  try {
    return JSON.parse(text, exact);
  } catch {
    return null;
  }
}
const writeExactly = (value, indent) => JSON.stringify(value, (key, v) =>
  (typeof v !== "bigint" ? v : JSON.rawJSON ? JSON.rawJSON(`${v}`) : Number(v)), indent);

// ---- tables ----

const MOST_ROWS = 200, MOST_COLUMNS = 60;
const cell = (value) => (typeof value === "string" ? value : writeExactly(value) ?? "");
const places = (n) => Array.from({ length: n }, (_, i) => `${i}`);
const isNumber = (value) => typeof value === "number" || typeof value === "bigint";

function tableOf(head, rows) {
  const body = rows.slice(0, MOST_ROWS).map((row, i) => make("tr", {}, make("th", { scope: "row" }, `${i}`), 
    ...row.slice(0, MOST_COLUMNS).map((value) => make("td", { className: isNumber(value) ? "" : "text" }, cell(value)))));
  const titles = make("tr", {}, make("th", { scope: "col" }, "row"),
    ...head.slice(0, MOST_COLUMNS).map((title) => make("th", { scope: "col" }, isolated(title))));
  const left = [[rows.length - MOST_ROWS, "row"], [head.length - MOST_COLUMNS, "column"]]
    .filter(([n]) => n > 0).map(([n, word]) => `${whole.format(n)} more ${word}${n === 1 ? "" : "s"}`);
  const table = make("div", { className: "scroll", tabIndex: 0 }, make("table", {}, make("thead", {}, titles), make("tbody", {}, ...body)));
  return left.length ? [table, make("p", { className: "note" }, `${left.join(" and ")}.`)] : [table];
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const pretty = (value) => [make("pre", { className: "body" }, typeof value === "string" ? value : writeExactly(value, 1))];

// Tensors with one value a row stand beside each other; a matrix has a table of its own.
function tensorsView(tensors) {
  const flat = tensors.map((t) => ({ ...t, values: (Array.isArray(t.data) ? t.data : []).flat(Infinity) }));
  const single = flat.filter((t) => t.values.length === (t.shape?.[0] ?? -1)), rest = flat.filter((t) => !single.includes(t));
  const n = single[0]?.values.length, joined = single.filter((t) => t.values.length === n), parts = [];
  const what = (t) => `${t.name} (${t.datatype}${t.shape ? ` ${t.shape.join(" × ")}` : ""})`;
  if (joined.length) parts.push(...tableOf(joined.map(what), Array.from({ length: n }, (_, i) => joined.map((t) => t.values[i]))));
  for (const t of [...single.filter((s) => !joined.includes(s)), ...rest]) {
    const width = t.shape?.length > 1 ? t.values.length / (t.shape[0] || 1) : 1;
    parts.push(make("p", { className: "note" }, isolated(what(t))));
    if (!t.values.length || !Number.isInteger(width) || width < 1) parts.push(...pretty(t.data ?? t));
    else parts.push(...tableOf(places(width), places(t.values.length / width).map((i) => t.values.slice(i * width, (Number(i) + 1) * width))));
  }
  return parts;
}

function rowsView(rows) {
  if (rows.length && rows.every(isObject)) {
    const names = [...new Set(rows.flatMap(Object.keys))];
    return tableOf(names, rows.map((row) => names.map((name) => row[name] ?? null)));
  }
  if (rows.length && rows.every(Array.isArray)) return tableOf(places(Math.max(...rows.map((row) => row.length))), rows);
  return rows.length && rows.every((v) => typeof v !== "object") ? tableOf(["value"], rows.map((v) => [v])) : pretty(rows);
}

const ROW_KEYS = ["rows", "instances", "predictions", "dataframe_records"];
function bodyView(value) {
  if (Array.isArray(value)) return rowsView(value);
  if (!isObject(value)) return pretty(value ?? "");
  const tensors = value.inputs ?? value.outputs;
  if (Array.isArray(tensors) && tensors.length && tensors.every((t) => isObject(t) && "name" in t)) return tensorsView(tensors);
  const key = ROW_KEYS.find((name) => Array.isArray(value[name]));
  if (key) return rowsView(value[key]);
  const { dataframe_split: split } = value;
  if (isObject(split) && Array.isArray(split.columns) && Array.isArray(split.data)) return tableOf(split.columns.map(String), split.data);
  const flatRow = Object.values(value).every((v) => v === null || typeof v !== "object");
  return flatRow && Object.keys(value).length > 1 ? rowsView([value]) : pretty(value);
}

// Cells of quoted text may hold commas and lines.
function parseCsv(text) {
  const rows = [[]];
  for (const [, quotedCell, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1).push(quotedCell?.replaceAll('""', '"') ?? plain);
    if (end !== "," && end !== "") rows.push([]);
    if (end === "") break;
  }
  return rows.filter((row) => row.length > 1 || row[0]);
}

function linesView(text) {
  const lines = text.split("\n").filter((line) => line.trim()).map(parseExactly);
  return lines.includes(null) ? pretty(text) : rowsView(lines);
}

function csvView(text) {
  const [head, ...rows] = parseCsv(text);
  return head && rows.length ? tableOf(head, rows) : pretty(text);
}

function explainedView(body) {
  if (typeof body?.csv === "string") return csvView(body.csv);
  if (typeof body?.ndjson === "string") return linesView(body.ndjson);
  if (typeof body?.note === "string")
    return [make("p", { className: "note" }, isolated(`Cannot be read: ${body.note}`)), ...pretty(body.text ?? `base64: ${body.base64}`)];
  return bodyView(body?.json ?? body);
}

// ---- lines for a shell ----

const MOST_LINE = 20000;
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// The body again: how its text begins curl's command, or null.
function curlBody(body) {
  if (typeof body.base64 === "string") return [`base64 -d <<<${body.base64} | curl --data-binary @-`, "application/octet-stream"];
  const text = body.csv ?? body.ndjson ?? body.text;
  const type = body.csv !== undefined ? "text/csv" : body.ndjson !== undefined ? "application/x-ndjson" : "";
  if (typeof text === "string") return [`curl --data-binary ${quoted(text)}`, type];
  const { kind, outputs, ...message } = body;
  const again = body.json ?? (kind ? { ...message, ...(outputs && { outputs: outputs.map((name) => ({ name })) }) } : body);
  return [`curl -d ${quoted(writeExactly(again))}`, "application/json"];
}

function commandsOf(r, state) {
  const folder = state.recording?.folder ?? "ockham-data";
  const replay = `ockham replay ${quoted(folder)} --id ${quoted(r.id)} --against ${quoted(state.url)}`;
  if (!isObject(r.request)) return [];
  const versioned = encodeURIComponent(r.model) + (r.version ? `/versions/${encodeURIComponent(r.version)}` : "");
  const [begin, type] = curlBody(r.request), path = r.route.replace(/^\S+ /, "").replace("{m}", versioned);
  const curl = `${begin} -H ${quoted(`Content-Type: ${type || r.content_type}`)} ${quoted(state.url + path)}`;
  return curl.length > MOST_LINE ? [replay] : [replay, curl];
}
