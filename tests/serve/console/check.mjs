// SPDX-License-Identifier: Apache-2.0
// check.mjs OCKHAM CHROMIUM SCRATCH: look at the console before real servers and before one that pretends.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { open, show } from "./browser.mjs";
import { infer, serve } from "./servers.mjs";
import { checkPretended } from "./worlds.mjs";

const [ockham, chromium, scratch] = process.argv.slice(2);
let failed = 0;
function check(holds, ...what) {
  if (holds) return;
  failed++;
  console.log(...what);
}
const same = (found, expected, what) => check(found === expected, `${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
const json = async (url, options) => (await fetch(url, options)).json();
const drawn = { ready: "body[data-drawn]:not([data-drawn='0'])" };

// Until the page says so, or for twenty seconds.
async function until(page, what, asked, argument) {
  await page.waitForFunction(asked, argument, { timeout: 20000 })
    .catch(async () => check(false, `${what}: it never was; the page is:`, (await page.innerText("main")).slice(0, 1500)));
}

// ---- files ----

async function checkFiles(server) {
  const page = await fetch(server.admin), policy = page.headers.get("content-security-policy");
  same(page.headers.get("content-type"), "text/html; charset=utf-8", "type of the page");
  check(policy.startsWith("default-src 'none'; script-src 'self'; style-src 'self';") && !policy.includes("unsafe"), `the policy is ${policy}`);
  for (const [path, type] of [["console/style.css", "text/css"], ["console/console.js", "text/javascript"], ["console/vega.js", "text/javascript"]]) {
    const first = await fetch(server.admin + path), tag = first.headers.get("etag"), bytes = (await first.arrayBuffer()).byteLength;
    check(first.status === 200 && first.headers.get("content-type").startsWith(type) && bytes > 5000, `${path}: ${first.status}, ${bytes} bytes`);
    const again = await fetch(server.admin + path, { headers: { "If-None-Match": tag } });
    same(again.status, 304, `${path} once more`);
    same((await fetch(`${server.url}/${path}`)).status, 404, `${path} on the port that is not admin's`);
  }
  same((await fetch(`${server.url}/`)).headers.get("content-type"), "text/plain; charset=utf-8", "type of the other front");
}

// ---- figures ----

const cells = (page, key) => page.$eval(`#models tr[data-key='${key}']`, (row) => Object.fromEntries([...row.querySelectorAll("td")].map((td) => [td.className, { text: td.textContent, title: td.title }])));

// Everything happened less than a minute ago: what the page says of the minute is what the server counts since it began.
async function checkFigures(page, server, name, n_failed, n_refused) {
  const [{ inference_stats: stats }] = (await json(`${server.url}/v2/models/${name}/stats`)).model_stats, state = await json(`${server.admin}admin/state`);
  const model = state.models.find((m) => m.name === name), total = stats.success.count + stats.fail.count, found = await cells(page, `${name}:1`);
  same(found.failed.title, `${n_failed} of ${total}`, `${name}: failed`);
  same(found.refused.title, `${n_refused} of ${total}`, `${name}: refused`);
  same(Object.values(model.failures).reduce((a, b) => a + b), n_failed + n_refused, `${name}: failures by reason`);
  same(stats.fail.count, n_failed + n_refused, `${name}: failures`);
  const spoken = await page.evaluate(([p50, p99]) => [milliseconds(p50), milliseconds(p99)], [Number(model.p50_ms.toPrecision(4)), Number(model.p99_ms.toPrecision(4))]);
  same(found.p50.text, spoken[0], `${name}: p50`);
  same(found.p99.text, spoken[1], `${name}: p99`);
  const seconds = model.minute.seconds, shown = Number(/^([\d.,]+)\/s$/.exec(found.requests.text)?.[1]?.replaceAll(",", ""));
  check(Math.abs(shown - total / seconds) <= 0.25 * (total / seconds), `${name}: ${found.requests.text} are shown, ${total} in ${seconds} s were sent`);
}

async function sendTraffic(server) {
  for (let i = 0; i < 40; i++) same(await infer(server, "iris", [i % 5, 0.5, 1, 2]), 200, "a request to iris");
  for (let i = 0; i < 20; i++) same(await infer(server, "mood", [i, 0.5]), 200, "a request to mood");
  for (let i = 0; i < 4; i++) same(await infer(server, "mood", [500, i], { "X-Request-Id": `bad-${i}` }), 500, "a request that fails");
  for (let i = 0; i < 3; i++) same(await infer(server, "mood", [400, i], { "X-Request-Id": "<b>&amp;" }), 400, "a request that is refused");
  same(await infer(server, "mood", [666, 1.25], { "X-Request-Id": "killer" }), 502, "a request that kills");
  const wrong = await fetch(`${server.url}/m/iris`, { method: "POST", body: "[{\"<i>x\":1}]", headers: { "Content-Type": "application/json" } });
  same(wrong.status, 400, "a row with a wrong name");
  await wrong.text();
}

// ---- requests and events ----

async function checkEventLimit(server) {
  const all = await json(`${server.admin}admin/events`);
  for (const limit of [1, 3, all.length, 1000])
    same(JSON.stringify(await json(`${server.admin}admin/events?limit=${limit}`)), JSON.stringify(all.slice(-limit)), `${limit} events of ${all.length}`);
}

async function checkRequests(page, server) {
  const expected = await json(`${server.admin}admin/requests?least_status=400`);
  await until(page, "all requests that failed", (n) => document.querySelectorAll("#requests-body tr").length >= n, expected.length);
  const numbers = await page.$$eval("#requests-body tr", (rows) => rows.map((row) => [Number(row.dataset.number), Number(row.querySelector(".status").textContent)]).filter(([, status]) => status >= 400).map(([number]) => number).join());
  same(numbers, expected.map((r) => r.number).join(), "requests that failed, the newest first");
  await page.selectOption("#filter-kind", { label: "a worker died" });
  await until(page, "the one that killed", () => document.querySelectorAll("#requests-body tr").length === 1);
  await page.click("#requests-body tr td.what");
  await page.waitForSelector("#request[open][data-shown]");
  const words = await page.textContent("#request");
  for (const wanted of ["502 mood:1", "signal 11", "<b>last words</b> of process", "killer", "1.25", "666", "--id 'killer'", `curl -d '{"inputs":[{"name":"x"`])
    check(words.includes(wanted), `the request that killed: '${wanted}' is not there:`, words);
  same(await page.$$eval("#request .phase-bar i", (parts) => Math.round(parts.reduce((sum, part) => sum + parseFloat(part.style.width), 0))), 100, "the bar of phases");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#request:not([open])", { state: "attached" });
  await until(page, "the address once it is closed", () => location.hash === "");
  await page.selectOption("#filter-kind", { label: "all" });
  await page.fill("#filter-id", "bad-2");
  await until(page, "the request with this id", () => document.querySelectorAll("#requests-body tr").length === 1
    && document.querySelector("#requests-body small").textContent === "bad-2");
  check((await page.textContent("#requests-body")).includes("</script><script>window.injected=1</script>"), "the error is not shown as it is");
  await page.fill("#filter-id", "");
  await page.selectOption("#filter-kind", { index: 0 });
}

async function checkDeath(page, server) {
  const events = await json(`${server.admin}admin/events?kind=start`), { process: victim } = events.findLast((e) => e.model === "mood").details;
  process.kill(victim, "SIGKILL");
  await until(page, "the death among the events", (pid) => [...document.querySelectorAll("#events-body tr")].some((row) => row.cells[1].textContent === "death" && row.textContent.includes(`(process ${pid})`) && /signal 9/.test(row.textContent)), victim);
  await until(page, "the death on top", () => [...document.querySelectorAll("#problems li")].some((item) => /^Workers of mood died 3 times/.test(item.textContent)));
  check(/wrong|mood/.test(await page.textContent("#verdict")), `the verdict is ${await page.textContent("#verdict")}`);
  same(await page.$eval("body", (body) => body.dataset.tone), "bad", "the tone");
  await page.click("#events-body a[href='#id=killer']");
  await page.waitForSelector("#request[open][data-shown]");
  check((await page.textContent("#request-title")).startsWith("502 mood:1"), "the link of a death leads elsewhere");
  await page.click("#request-close");
}

// What comes later stands above what was there.
async function checkNews(page, server) {
  const before = await page.$$eval("#requests-body tr", (rows) => rows.length);
  same(await infer(server, "mood", [500, 9], { "X-Request-Id": "news" }), 500, "one more that fails");
  await until(page, "the news", () => document.querySelector("#requests-body tr small")?.textContent === "news");
  same(await page.$$eval("#requests-body tr", (rows) => rows.length), before + 1, "requests with the news");
}

// ---- keys ----

async function checkKeys(page) {
  const reached = new Set();
  await page.evaluate(() => { document.activeElement.blur(); window.scrollTo(0, 0); });
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => { const e = document.activeElement; return e.id || `${e.closest("[id]")?.id} ${e.tagName}`; }));
  }
  for (const wanted of ["models-body BUTTON", "charts", "filter-kind", "filter-model", "filter-id", "requests-body A"])
    check(reached.has(wanted), `no key leads to ${wanted}:`, [...reached]);
  await page.mouse.move(1, 1); // where no chart can be left by scrolling
  await page.focus("#charts");
  await page.keyboard.press("ArrowLeft");
  check(/^\d\d:\d\d:\d\d/.test(await page.textContent("#readout .k")), `the moment before is ${await page.textContent("#readout .k")}`);
  await page.keyboard.press("Escape");
  same(await page.textContent("#readout .k"), "now", "the moment that is let go");
  await page.focus("#requests-body tr a");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#request[open][data-shown]");
  same(await page.evaluate(() => document.activeElement.closest("dialog")?.id), "request", "where the focus is");
  await page.keyboard.press("Escape");
}

// ---- load, unload, a new server ----

const stateOf = (page, name) => page.evaluate((n) => [...document.querySelectorAll("#models-body tr")].find((row) => row.querySelector("bdi").textContent === n)?.querySelector(".state").textContent, name);
const saysState = ([name, wanted]) => [...document.querySelectorAll("#models-body tr")].find((row) => row.querySelector("bdi").textContent === name)?.querySelector(".state").textContent === wanted;

async function checkLoading(page) {
  const press = (word) => page.click(`#models-body tr:has(bdi:text-is("iris")) button:text-is("${word}")`);
  await press("unload");
  check((await page.textContent("#confirm")).includes("Unload iris?"), "nothing is asked before unloading");
  await page.click("#confirm button[value=no]");
  same(await stateOf(page, "iris"), "ready", "iris after 'no'");
  await press("unload");
  await page.click("#confirm-yes");
  await until(page, "iris unloaded", saysState, ["iris", "unloaded"]);
  await press("load");
  await page.click("#confirm-yes");
  await until(page, "iris loaded", saysState, ["iris", "ready"]);
}

async function checkRestart(page, server) {
  await server.stop();
  await until(page, "the connection lost", () => /^no connection/.test(document.getElementById("live").textContent));
  await until(page, "the verdict without a server", () => document.getElementById("verdict").textContent === "No word from the server");
  const next = await serve(ockham, words, { cwd: scratch, listen: new URL(server.url).host, admin: new URL(server.admin).host });
  await until(page, "the connection found again", () => document.getElementById("live").textContent === "live");
  same(await infer(next, "iris", [1, 2]), 200, "a request to the new server");
  await until(page, "figures of the new server", () => document.querySelector("#models tr[data-key='iris:1'] td.failed").title === "0 of 1");
  return next;
}

// ---- all of it ----

const words = ["iris.ock", "--model", `mood=${join(scratch, "moody")}`, "--workers", "2", "--folder", "recorded"];

async function checkReal(browser) {
  let server = await serve(ockham, words, { cwd: scratch });
  await checkFiles(server);
  await sendTraffic(server);
  const { page, complaints } = await show(browser, server.admin, { ...drawn, expected: /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|status of 503/ });
  await until(page, "figures of all requests", () => document.querySelector("#models tr[data-key='mood:1'] td.failed").title.endsWith(" of 28"));
  await checkFigures(page, server, "iris", 0, 1);
  await checkFigures(page, server, "mood", 5, 3);
  await checkRequests(page, server);
  await checkEventLimit(server);
  await checkDeath(page, server);
  await checkNews(page, server);
  await checkKeys(page);
  await checkLoading(page);
  server = await checkRestart(page, server);
  same(await page.evaluate(() => window.injected), undefined, "a script that was injected");
  same(complaints.join("\n"), "", "complaints");
  await page.close();
  await server.stop();
}

async function checkToken(browser) {
  writeFileSync(join(scratch, "token"), "s3cret <b>&\n", { mode: 0o600 });
  const server = await serve(ockham, ["iris.ock", "--folder", "guarded", "--token-file", "token"], { cwd: scratch });
  same((await fetch(`${server.admin}admin/state`)).status, 401, "the state without a token");
  same((await fetch(`${server.admin}admin/history`)).status, 401, "the history without a token");
  same((await fetch(`${server.admin}console/console.js`)).status, 200, "a script without a token");
  const { page, complaints } = await show(browser, server.admin, { ready: "#login:not([hidden])", expected: /status of 401/ });
  for (const [token, wanted] of [["wrong", "This is not the token."], ["s3cret <b>&", ""]]) {
    await page.fill("#token", token);
    await page.keyboard.press("Enter");
    await until(page, `what is said of '${token}'`, (text) => document.getElementById("login-problem").textContent === text, wanted);
  }
  await page.waitForSelector("#page:not([hidden])");
  same(await page.isVisible("#login"), false, "the form after the right token");
  await until(page, "the verdict", () => document.getElementById("verdict").textContent === "All is well");
  same(complaints.join("\n"), "", "with a token");
  await page.close();
  await server.stop();
}

const browser = await open(chromium, scratch);
await checkReal(browser);
await checkToken(browser);
await checkPretended(browser, ockham, scratch, { check, same, until, drawn });
await browser.close();
process.exit(failed ? 1 : 0);
