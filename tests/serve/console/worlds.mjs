// SPDX-License-Identifier: Apache-2.0
// What would take long to bring about, before a server that pretends: verdicts, texts that are no texts, small screens.
import { show } from "./browser.mjs";
import { model, pretend } from "./pretend.mjs";
import { serve } from "./servers.mjs";

// The files as the real server sends them.
async function filesOf(ockham, scratch) {
  const server = await serve(ockham, ["iris.ock", "--folder", "files"], { cwd: scratch }), files = {};
  for (const path of ["/", "/console/style.css", "/console/console.js", "/console/vega.js"]) {
    const response = await fetch(server.admin.replace(/\/$/, "") + path);
    files[path] = { type: response.headers.get("content-type"), policy: response.headers.get("content-security-policy"), body: await response.text() };
  }
  await server.stop();
  return files;
}

const ago = (seconds) => (Date.now() - 1000 * seconds) * 1e6;
const since = (more) => ({ unready_ns: 0, breaker_ns: 0, faults_ns: 0, death_ns: 0, ...more });
const busy = () => ({ success: 50, ms: 2 });
const recording = { requests: 12, lost: 0, bytes: 4096, problem: "", folder: "it's here" };
const world = (models, more) => ({ models, requests: [], events: [], recording, unloaded: [], ...more });

// ---- drift ----

const driftState = { status: "drift", since_ns: ago(90), rows: 5000, dropped: 0, skipped: 0, words: "clusters: 'outside' is 8 % of the rows, was 0.1 %", level: 1.4, n_episodes: 1 };
const signal = (name, kind, drifted, psi, shift, run_length = 1e9) => ({ name, kind, statistic: 3, limit: 2, run_length, asked_run_length: 1e6, often: "", psi: psi === null ? null : [psi, psi / 2, 2 * psi], js: 0.1, shift: shift === null ? null : [shift, shift - 0.1, shift + 0.1], drifted });
const driftDocument = (bin, column = "age") => ({
  model: "price", version: "1", ...driftState, measured: 4992, words: driftState.words, leading: "clusters",
  budget: { asked: "1 per 30d", words: "1 per 30d at 12 rows/s = 1 per 31.1 million rows", achieved: [1.2, 0.9, 1.6] },
  signals: [signal("clusters", "clusters", true, 0.3, null, 1e300), signal(column, "column", true, 0.12, -0.5, 1e300), signal("floor", "column", false, 0.001, 0.02), signal("missing", "missing", false, null, null)],
  bins: [{ signal: "clusters", bins: [{ name: "0", then: 0.6, now: [0.5, 0.45, 0.55] }, { name: bin, then: 0.001, now: [0.08, 0.06, 0.1] }, { name: "empty", then: 0, now: null }] }],
  n_episodes: 1, episodes: [{ number: 1, signal: "clusters", since_row: 4000, noticed_row: 4100, until_row: null, since_ns: ago(95), noticed_ns: ago(90), run_length: 1e7, psi: 0.2 }],
  course: [[16, 0.1], [1000, 0.2], [4000, 0.3], [4100, 1.1], [4900, null], [4992, 900]],
  examples: { signal: "clusters", bin, then: 0.001, now: 0.08, requests: [3, 2], link: "" },
  series: [{ name: "latency", unit: "ms", events: false, status: "quiet", then: 0.5, now: null, learned: 2000 }, { name: "failures", events: true, status: "learning", learned: 7 },
    { name: "outcomes", events: true, status: "drift", then: 0.04, now: [0.1, 0.08, 0.12], run_length: 1e8, learned: 2000 }],
});

async function checkDrift(browser, files, { check, same, until }) {
  const kept = { number: 3, time_ns: ago(20), status: 200, total_us: 20, cpu_us: 0, phase_us: {}, marks: ["drift"], id: "kept", model: "price", version: "1", route: "POST /m/{m}", error: "", rows: 1 };
  const other = { ...kept, number: 4, marks: ["slow"], id: "other" };
  const server = await pretend(files, world([model("price", busy, { drift: driftState })], { requests: [kept, other], drift: { price: driftDocument(hostile, `${hostile} age`) } }));
  for (const [width, colorScheme] of [[390, "light"], [1600, "dark"]]) {
    const { page, complaints } = await show(browser, server.url, { ready: "#drift .shares tbody tr", width, colorScheme });
    await until(page, "the course", () => document.querySelector("#drift .course svg") !== null);
    const text = await page.textContent("#drift");
    for (const wanted of ["drifts since", "31.1 million rows", "in rehearsal 1.2 times as long as asked", "less than once in 10", "latency: was 0.5 ms, too few since to tell", "failures: 7 of 2,000", "outcomes: 10 %, was 4 %", "noticed at row 4,100, it lasts", "−0.50", hostile.slice(0, 20)])
      check(text.includes(wanted), `drift at ${width}: '${wanted}' is not there:`, text);
    same(await page.$$eval("#drift .shares", (tables) => tables.map((t) => t.tBodies[0].rows.length).join()), "2,3", "rows of shares, and of what moved");
    same(await page.$$eval("#drift [data-tone=moved]", (all) => all.length), 3, "what has changed for certain");
    same(await page.evaluate(() => document.documentElement.scrollWidth), width, "the width with drift");
    await page.click("#drift button.link");
    await until(page, "the requests that were kept", () => [...document.querySelectorAll("#requests-body small")].map((e) => e.textContent).join() === "kept");
    const found = await strangers(page);
    same(found.injected, undefined, "a script that was injected by a bin");
    same(complaints.join("\n"), "", `drift at ${width}`);
    await page.close();
  }
  await server.close();
}

// [what is so, verdict, tone, what is said besides]
const verdicts = () => [
  [world([model("price", busy, { drift: driftState })], { drift: { price: driftDocument("outside") } }), "price drifts", "bad", /^since .* \(1 min ago\), clusters: 'outside' is 8 % of the rows, was 0.1 %$/],
  [world([model("price", busy, { drift: { status: "no profile", rows: 0 } })]), "All is well", "well", null],
  [world([model("price", busy)]), "All is well", "well", null],
  [world([model("price", busy, { workers: undefined }), model("slow", () => ({}))]), "All is well", "well", null],
  [world([model("price", (n) => ({ success: 50, fault: n % 2 }), { since: since({ faults_ns: ago(90) }) })]), "All is well, with one note", "note", /^price fails a few of its requests, since .* \(1 min ago\), 6 of 606 requests in the last minute$/],
  [world([model("price", () => ({ success: 45, fault: 5 }), { since: since({ faults_ns: ago(3700) }) })]), "price fails 10 % of its requests", "bad", /^since .* \(1 h 1 min ago\), 60 of 600 requests in the last minute$/],
  [world([model("price", busy, { breaker: true, state: "starting", since: since({ breaker_ns: ago(20) }) })]), "price turns requests away", "bad", /^since .* \(2\d s ago\)/],
  [world([model("price", busy, { state: "failed", problem: "no worker: exit code 3", since: since({ unready_ns: ago(100) }) })]), "price is not running", "bad", /no worker: exit code 3$/],
  [world([model("price", busy, { state: "starting", since: since({ unready_ns: ago(5) }) })]), "All is well, with one note", "note", /^price is starting/],
  [world([model("price", busy, { state: "starting", since: since({ unready_ns: ago(50) }) })]), "price is not ready", "bad", /^since/],
  [world([model("price", (n) => ({ success: 50, deaths: n % 120 === 60 ? 1 : 0 }), { since: since({ death_ns: ago(300) }) })]), "All is well, with one note", "note", /^A worker of price died, last .* \(5 min ago\)/],
  [world([model("price", (n) => ({ success: 50, deaths: n % 20 === 0 ? 1 : 0 }), { since: since({ death_ns: ago(10) }) })]), "Workers of price died 6 times", "bad", /^last/],
  [world([model("price", () => ({ success: 30, refused: 20 }))]), "All is well, with one note", "note", /^price is sent what it cannot take, 240 of 600 requests/],
  [world([model("price", busy, { waiting: 40 })]), "All is well, with one note", "note", /^40 requests wait for price$/],
  [world([model("price", busy, { up: 1 })]), "All is well, with one note", "note", /^1 of 2 workers of price is up$/],
  [world([model("price", busy)], { recording: { ...recording, lost: 7, problem: "No space left on device" } }), "The recording loses entries", "bad", /^7 lost: No space left on device$/],
  [world([model("price", busy), model("price", () => ({ fault: 50 }), { version: "2", shadow: true, since: since({ faults_ns: ago(60) }) })]), "All is well, with one note", "note", /^price:2 fails/],
  [world([model("a", () => ({ fault: 50 })), model("b", busy, { state: "failed", problem: "x" })]), "2 things are wrong", "bad", /^a fails 100 % of its requests, 600 of 600/],
  [world([]), "All is well, with one note", "note", /^No model is loaded$/],
];

async function checkVerdicts(browser, files, { check, same, until }) {
  for (const [what, verdict, tone, besides] of verdicts()) {
    const server = await pretend(files, what), { page, complaints } = await show(browser, server.url, { ready: "#page:not([hidden])" });
    await until(page, verdict, (text) => document.getElementById("verdict").textContent === text, verdict);
    same(await page.textContent("#verdict"), verdict, "the verdict");
    same(await page.$eval("body", (body) => body.dataset.tone), tone, `${verdict}: the tone`);
    const items = await page.$$eval("#problems li", (all) => all.map((item) => item.textContent));
    check(besides ? besides.test(items[0]) : items.length === 0, `${verdict}: besides it is said:`, items);
    check((await page.title()).includes(verdict), `${verdict}: the title is ${await page.title()}`);
    same(complaints.join("\n"), "", verdict);
    await page.close();
    await server.close();
  }
}

// ---- texts that are no texts ----

const hostile = "</script><script>window.injected=1</script><img src=x onerror=\"window.injected=1\">&amp;\u202e${1}{{x}}'";
const long = "w".repeat(3000);
const request = (number, more) => ({
  number, time_ns: ago(number), status: 500, total_us: 900, cpu_us: 5, phase_us: { read: 1, decode: 2, queue: 3, compute: 800, encode: 0 }, marks: ["died", hostile],
  id: `${hostile}${number}`, model: hostile, version: hostile, route: `POST ${hostile}`, key: hostile, client: hostile, error: hostile, content_type: hostile,
  answer_type: long, hash: hostile, rows: 2, bytes_in: 1, bytes_out: 1, kept: true, ...more,
});
// [as the server explains it, texts that must be seen, cells of its table]
const bodies = [
  [{ kind: "request", inputs: [{ name: hostile, datatype: "BYTES", shape: [2], data: [hostile, long] }] }, [hostile, long], 4],
  [{ kind: "request", inputs: [{ name: "x", datatype: "FP64", shape: [2, 3], data: [1, 2, 3, 4, 5.000000001, 6] }] }, ["5.000000001"], 8],
  [{ json: [{ a: 1, [hostile]: hostile }, { b: null }] }, [hostile], 8],
  [{ json: { instances: [[1, 2], [3, 4]] } }, ["4"], 6],
  [{ json: { dataframe_split: { columns: ["u", "v"], data: [[1, "z"]] } } }, ["u", "z"], 3],
  [{ json: "just this" }, ["just this"], 0],
  [{ csv: "a,b\n1,\"x, \"\"y\"\"\nz\"\n2,q\n" }, ["x, \"y\"\nz"], 6],
  [{ ndjson: "{\"a\":1}\n{\"a\":2}\n" }, ["2"], 4],
  [{ note: hostile, text: hostile }, [`Cannot be read: ${hostile}`], 0],
  [{ note: "byte 3", base64: "AAEC" }, ["AAEC", "base64 -d <<<AAEC | curl --data-binary @-"], 0],
  [{ kind: "request", inputs: [{ name: "id", datatype: "INT64", shape: [1], data: "@9007199254740993@" }] }, ["9007199254740993"], 2],
  [{ kind: "request", inputs: [{ name: "none", datatype: "FP32", shape: [0, 3], data: [] }] }, ["none"], 0],
];
const hostileWorld = () => world([model(hostile, busy, { version: hostile, platform: hostile, limits: hostile, problem: hostile, state: "failed" }), model("n".repeat(64), busy)], {
  requests: bodies.map(([body], i) => request(i + 1, { request: body, answer: { json: { error: hostile } } })), unloaded: [hostile],
  events: [{ number: 1, time_ns: ago(10), kind: "death", model: hostile, version: hostile, text: hostile, details: { request: `${hostile}1`, stderr: `${hostile}${long}`, worker: 0, process: 7, signal: 11, exit_code: -1 } },
    { number: 2, time_ns: ago(5), kind: hostile, model: "", version: "", text: long, details: {} }],
  recording: { ...recording, folder: hostile, problem: hostile },
});
const strangers = (page) => page.evaluate(() => ({
  injected: window.injected, scripts: document.scripts.length, width: document.documentElement.scrollWidth, inner: window.innerWidth,
  elements: document.querySelectorAll("main img, dialog img, main script, dialog script, iframe, object").length,
}));

async function checkHostile(browser, files, { check, same, drawn }) {
  const server = await pretend(files, hostileWorld());
  for (const width of [390, 1600]) {
    const { page, complaints } = await show(browser, server.url, { ...drawn, width, colorScheme: "dark" });
    await page.waitForSelector("#events-body tr:nth-child(2)", { state: "attached" });
    check((await page.textContent("#models-body")).includes(hostile), "the name of a model is not shown as it is");
    for (const [i, [, texts, n]] of bodies.entries()) {
      await page.evaluate((number) => { location.hash = `request=${number}`; }, i + 1);
      await page.waitForSelector(`#request[open][data-shown="${i + 1}"]`);
      const shown = await page.$eval("#request-body", (body) => ({ text: body.textContent, cells: body.querySelectorAll("table").length ? body.querySelector("table").querySelectorAll("tbody th, tbody td").length : 0 }));
      for (const text of texts) check(shown.text.includes(text), `body ${i + 1}: '${text.slice(0, 60)}' is not shown:`, shown.text.slice(0, 600));
      same(shown.cells, n, `body ${i + 1}: cells`);
    }
    await page.click("#request-close");
    const found = await strangers(page);
    same(found.injected, undefined, "a script that was injected");
    same(found.scripts, 2, "scripts");
    same(found.elements, 0, "elements that do not belong there");
    same(found.width, found.inner, `the width at ${width}`);
    same(complaints.join("\n"), "", `hostile texts at ${width}`);
    await page.close();
  }
  await server.close();
}

// ---- how it looks ----

async function checkLooks(browser, files, { check, same, drawn }) {
  const server = await pretend(files, world([model("price", (n) => ({ success: 50 + (n % 7), fault: 1 + (n % 3), refused: n % 4, ms: 2, deaths: n % 50 === 0 ? 1 : 0 }))]));
  for (const [colorScheme, paper] of [["light", "rgb(255, 255, 255)"], ["dark", "rgb(20, 23, 26)"]]) {
    const { page, complaints } = await show(browser, server.url, { ...drawn, colorScheme });
    same(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), paper, "the paper");
    const charts = await page.$$eval(".chart.timed", (all) => all.map((box) => [box.getAttribute("aria-label"), box.querySelectorAll(".mark-area path, .mark-line path").length, box.getBoundingClientRect().height].join("|")));
    same(charts.length, 3, "charts");
    for (const [i, begin] of ["Requests a second, now", "Latency, now p50 2 ms, p99 12 ms|2|", "Mean time of an answer, now read"].entries())
      check(charts[i].startsWith(begin) && Number(charts[i].split("|")[1]) >= 2, `chart ${i} is ${charts[i]}`);
    check(await page.$$eval(".chart.timed .mark-symbol path", (all) => all.length) >= 2, "deaths are not marked");
    await page.hover(".chart.timed", { position: { x: 200, y: 60 } });
    check(/\d\d:\d\d:\d\d/.test(await page.textContent("#readout .k")), "the pointer shows no moment");
    check(/\/s failed.*p50 2 ms, p99 12 ms/.test(await page.textContent("#readout")), await page.textContent("#readout"));
    check((await page.pdf({ format: "A4" })).length > 20000, "the print is empty");
    same(await page.$eval("time", (time) => / UTC$/.test(time.title) || time.title).catch(() => true), true, "UTC of a time");
    same(complaints.join("\n"), "", colorScheme);
    await page.close();
  }
  await server.close();
}

export async function checkPretended(browser, ockham, scratch, tools) {
  const files = await filesOf(ockham, scratch);
  await checkVerdicts(browser, files, tools);
  await checkHostile(browser, files, tools);
  await checkDrift(browser, files, tools);
  await checkLooks(browser, files, tools);
}
