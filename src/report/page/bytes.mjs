// SPDX-License-Identifier: Apache-2.0
// Texts as C: what both pages are put together with.
import { createHash } from "node:crypto";

// What stands inside <script> must not end it; and lines end as the parser of HTML has them, before they are hashed.
export const insideScript = (text) => text.replace(/\r\n?/g, "\n").replace(/<(?=\/script|!--)/gi, "\\x3c").trim();
export const digest = (text, encoding) => createHash("sha256").update(text).digest(encoding);

// Where the text says {{NAME}}, the part of that name.
export function filled(text, parts) {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name) => {
    if (!Object.hasOwn(parts, name)) throw new Error(`{{${name}}} is unknown`);
    return parts[name];
  });
}

// Escaped, in lines; "?" too, for "??" may begin a trigraph.
export function literal(text) {
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

// An ock_asset of assets.h.
export const asset = (type, text) =>
  `{${literal(type)}, "\\"${digest(text, "hex").slice(0, 16)}\\"", ${Buffer.byteLength(text)},\n${literal(text)}}`;
