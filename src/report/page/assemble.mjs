// SPDX-License-Identifier: Apache-2.0
// assemble.mjs NODE_MODULES OUTPUT.c: put the page together, and write it as C strings. The page is everything but what
// the library fills in: it is cut where page.html says `@@title@@`, `@@text@@` and `@@report@@`.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

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

// Each text once, under the names of those that have it. No "--", which would end the comment that it stands in.
function licences() {
  const byText = new Map();
  for (const [name, { version, license }] of packages(bundled.map((path) => path.split("/")[0]))) {
    const text = licenceText(name) || `Licence: ${license}`;
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`]);
  }
  const parts = [...byText].map(([text, names]) => `${names.sort().join(", ")}\n\n${text}`);
  return ["This page contains:", ...parts].join("\n\n").replace(/--+/g, "\u2013");
}

// What stands inside <script> must not end it.
const scripts = [...bundled.map((path) => readFileSync(join(modules, path), "utf8").replace(/^\/\/# sourceMappingURL.*$/m, "")),
  own("palette.js") + own("charts.js") + own("page.js")].map((text) => text.replace(/<(?=\/script|!--)/gi, "\\x3c").trim());
const hashes = scripts.map((text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`);

const parts = {
  licences: licences(),
  style: own("page.css").trim(),
  scripts: scripts.map((text) => `<script>${text}</script>`).join("\n"),
  hashes: hashes.join(" "),
};
function filled(text) {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name) => {
    if (!Object.hasOwn(parts, name)) throw new Error(`page.html: {{${name}}} is unknown`);
    return parts[name];
  });
}

// Cut before the bundles are filled in, which may hold anything.
const cut = own("page.html").split(/@@(\w+)@@/), fills = cut.filter((_, i) => i % 2 === 1).join();
if (fills !== "title,text,report") throw new Error(`page.html: expected to fill in title,text,report, found ${fills}`);
const pieces = cut.filter((_, i) => i % 2 === 0).map(filled);

// Escaped, in lines; "?" too, for "??" may begin a trigraph.
function literal(text) {
  const bytes = Buffer.from(text);
  const lines = [];
  for (let at = 0; at < bytes.length; at += 400) {
    let line = "";
    for (const byte of bytes.subarray(at, at + 400))
      line += byte < 32 || byte > 126 || byte === 34 || byte === 92 || byte === 63
        ? "\\" + byte.toString(8).padStart(3, "0") : String.fromCharCode(byte);
    lines.push(`"${line}"`);
  }
  return lines.join("\n");
}

writeFileSync(output, `/* Made by assemble.mjs. */
#include "report/page.h"

const char *const ock_page_pieces[OCK_PAGE_PIECES] = {
${pieces.map(literal).join(",\n")},
};
`);
