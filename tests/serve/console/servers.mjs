// SPDX-License-Identifier: Apache-2.0
// A real server, and what is sent to it.
import { spawn } from "node:child_process";

// Start `ockham serve`, and wait until it is ready. { url, admin, stop(signal), restart() }
export async function serve(ockham, words, { cwd, listen = "127.0.0.1:0", admin = "127.0.0.1:0" }) {
  const child = spawn(ockham, ["serve", ...words, "--listen", listen, "--admin", admin], { cwd, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8");
  const ready = new Promise((resolve, reject) => {
    child.stderr.on("data", (text) => { said += text; if (/^ready/m.test(said)) resolve(); });
    child.on("exit", (code) => reject(new Error(`ockham serve ended with ${code}: ${said}`)));
  });
  await ready;
  const [, url, adminUrl] = /serves at (\S+), its console is at (\S+)/.exec(said);
  const ended = new Promise((resolve) => { child.on("exit", resolve); });
  const stop = (signal = "SIGTERM") => { child.kill(signal); return ended; };
  return {
    url, admin: `${adminUrl.replace(/\/$/, "")}/`, stop, said: () => said,
    restart: async () => { await stop(); return serve(ockham, words, { cwd, listen: new URL(url).host, admin: new URL(adminUrl).host }); },
  };
}

export async function infer(server, model, values, headers = {}) {
  const body = { inputs: [{ name: "x", shape: [values.length / 2, 2], datatype: "FP64", data: values }] };
  const response = await fetch(`${server.url}/v2/models/${model}/infer`, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } });
  await response.text();
  return response.status;
}
