// SPDX-License-Identifier: Apache-2.0
// assemble.mjs OUTPUT.c: the console's files as C strings. What draws charts is the report's, and comes from there.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { asset } from "../../report/page/bytes.mjs";

const here = dirname(fileURLToPath(import.meta.url)), shared = join(here, "../../report/page");
const all = (...paths) => paths.map((path) => readFileSync(path, "utf8")).join("");
const own = (...names) => names.map((name) => join(here, name));

const files = {
  page: asset("text/html; charset=utf-8", all(...own("console.html"))),
  style: asset("text/css; charset=utf-8", all(join(shared, "base.css"), ...own("console.css"))),
  script: asset("text/javascript; charset=utf-8", all(join(shared, "palette.js"), join(shared, "base.js"),
    ...own("words.js", "verdict.js", "charts.js", "models.js", "bodies.js", "requests.js", "events.js", "drift.js", "console.js"))),
};

writeFileSync(process.argv[2], `/* Made by assemble.mjs. */
#include "report/assets.h"

extern const ock_asset ${Object.keys(files).map((name) => `ock_console_${name}`).join(", ")};
${Object.entries(files).map(([name, text]) => `const ock_asset ock_console_${name} = ${text};`).join("\n")}
`);
