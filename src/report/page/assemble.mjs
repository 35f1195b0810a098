// SPDX-License-Identifier: Apache-2.0
// assemble.mjs NODE_MODULES OUTPUT.c: put the pages together, and write them as C strings. A page is everything but what
// the library fills in: it is cut where its HTML says `@@title@@`, `@@text@@`, `@@report@@` and `@@vega@@`: what draws
// charts is one more string, which other pages use too.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { asset, digest, filled, insideScript, literal } from "./bytes.mjs";

const [modules, output] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const own = (name) => readFileSync(join(here, name), "utf8");
const bundled = ["vega/build/vega.min.js", "vega-lite/build/vega-lite.min.js", "vega-embed/build/vega-embed.min.js"];
const forTheirCommands = new Set(["yargs", "commander"]); // dependencies that no script in the page uses

const manifest = (name) => JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));

// The packages whose code is in the bundles.
function packages(names, found = new Map()) {
  for (const name of names) {
    if (found.has(name) || forTheirCommands.has(name) || !existsSync(join(modules, name))) continue;
    const { version, license, dependencies } = manifest(name);
    found.set(name, { version, license });
    packages(Object.keys(dependencies ?? {}), found);
  }
  return found;
}

function licenceText(name) {
  const file = readdirSync(join(modules, name)).find((f) => /^licen[cs]e/i.test(f));
  return file ? readFileSync(join(modules, name, file), "utf8").trim() : "";
}

// Each text once, under the names of those that have it. No "*/", which would end the comment that it stands in.
function licences() {
  const byText = new Map();
  for (const [name, { version, license }] of packages(bundled.map((path) => path.split("/")[0]))) {
    const text = licenceText(name) || `Licence: ${license}`;
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`]);
  }
  const parts = [...byText].map(([text, names]) => `${names.sort().join(", ")}\n\n${text}`);
  return ["This page contains:", ...parts].join("\n\n").replaceAll("*/", "* /");
}

const bundle = (path) => readFileSync(join(modules, path), "utf8").replace(/^\/\/# sourceMappingURL.*$/m, "").trim();
const vega = insideScript([`/*\n${licences()}\n*/`, ...bundled.map(bundle)].join("\n;\n"));

// One page: its HTML, styles and scripts, cut where the library fills in what it is about. Cut before the rest is filled
// in, which may hold anything.
function pieces(html, styles, scripts) {
  const script = insideScript(scripts.map(own).join(""));
  const parts = {
    style: styles.map(own).join("").trim(),
    script,
    hashes: [vega, script].map((text) => `'sha256-${digest(text, "base64")}'`).join(" "),
  };
  const cut = own(html).split(/@@(\w+)@@/), fills = cut.filter((_, i) => i % 2 === 1).join();
  if (fills !== "title,text,report,vega") throw new Error(`${html}: expected to fill in title,text,report,vega, found ${fills}`);
  return cut.filter((_, i) => i % 2 === 0).map((text) => filled(text, parts)).map(literal).join(",\n");
}

const clusters = pieces("page.html", ["base.css", "page.css"], ["palette.js", "base.js", "drawing.js", "charts.js", "page.js"]);
const drift = pieces("drift.html", ["base.css", "page.css", "drift.css"],
  ["palette.js", "base.js", "drawing.js", "drift_charts.js", "drift.js"]);
const ablation = pieces("ablation.html", ["base.css", "page.css", "ablation.css"],
  ["palette.js", "base.js", "drawing.js", "ablation_words.js", "ablation_charts.js", "ablation_loss.js", "ablation.js"]);

writeFileSync(output, `/* Made by assemble.mjs. */
#include "report/assets.h"
#include "report/page.h"

const char *const ock_page_pieces[OCK_PAGE_PIECES] = {
${clusters},
};

const char *const ock_drift_pieces[OCK_PAGE_PIECES] = {
${drift},
};

const char *const ock_ablation_pieces[OCK_PAGE_PIECES] = {
${ablation},
};

const ock_asset ock_asset_vega = ${asset("text/javascript; charset=utf-8", vega)};
`);
