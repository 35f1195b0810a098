# SPDX-License-Identifier: Apache-2.0
"""How many requests a second does a model of 32 clusters and 16 columns answer, how fast, and with how much memory? ockham serve,
with the fitted model and with a Python worker, against FastAPI with uvicorn, MLServer and BentoML, which serve the same centroids by
scikit-learn. wrk asks, on the same machine, one server at a time. Writes serve.md.

Needs wrk; the peers come from PyPI into venvs under build/ (or $PEERS). --seconds a measurement, --rounds over all servers, --only
names of servers that begin so, --peers: without ours."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import joblib
import numpy as np
from sklearn.cluster import KMeans

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "parts" / "serving"))
import servers  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
OCKHAM = os.environ["OCKHAM"] = str(pathlib.Path(os.environ["OCKHAM"]).resolve())
N_CLUSTERS, N_COLUMNS = 32, 16
SIZES, CONNECTIONS, FORMS = (1, 256), (1, 8, 64), ("JSON", "binary")
FITTED, UNRECORDED, WORKER = "ockham, fitted model", "ockham, fitted model, no recorder", "ockham, Python worker"


def make_models(folder):
    """One fit, by ockham; scikit-learn gets its centroids."""
    subprocess.run([OCKHAM, "generate", "blobs", "-k", str(N_CLUSTERS), "--rows", "1000", "--columns", str(N_COLUMNS), "--seed", "1",
                    "--output", str(folder / "blobs.npy")], check=True, stderr=subprocess.DEVNULL)
    subprocess.run([OCKHAM, "fit", str(folder / "blobs.npy"), "-k", str(N_CLUSTERS), "--scale", "none", "--quiet", "--seed", "1", "--model",
                    str(folder / "blobs.ock"), "--centroids", str(folder / "centroids.csv")], check=True, stdout=subprocess.DEVNULL)
    centroids = np.loadtxt(folder / "centroids.csv", delimiter=",", skiprows=1)[:, 2:]
    rows = np.load(folder / "blobs.npy")
    model = KMeans(N_CLUSTERS, init=centroids, n_init=1, max_iter=1).fit(rows)
    model.cluster_centers_ = centroids
    joblib.dump(model, folder / "model.joblib")
    rng = np.random.default_rng(0)
    rows = rows[rng.choice(len(rows), max(SIZES), replace=False)]
    return rows, (((rows[:, None, :] - centroids) ** 2).sum(axis=2)).argmin(axis=1).tolist()


# ---- measuring ----


def wrk(server, body, connections, seconds, folder):
    (folder / "body").write_bytes(body.content)
    environment = os.environ | {"BODY": str(folder / "body"), "HEADERS": "\n".join(f"{k}: {v}" for k, v in body.headers.items())}
    before = server.cpu_seconds()
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(servers.HERE / "post.lua"),
                           f"http://127.0.0.1:{server.port}{body.path}"], capture_output=True, text=True, env=environment)
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise RuntimeError(f"wrk: {done.stderr.strip() or done.stdout[-300:]}")
    result = json.loads(line[7:])
    result["rate"] = result["requests"] / result["seconds"]
    result["cpu_us"] = 1e6 * (server.cpu_seconds() - before) / max(result["requests"], 1)
    if result["refused"] or result["broken"] != "0 0 0 0":
        raise RuntimeError(f"{result['refused']} requests were refused; failed to connect, read, write, in time: {result['broken']}")
    return result


def floor_us(folder, rows):
    """What scikit-learn's predict takes by itself, in this process: the least of some calls."""
    model, took = joblib.load(folder / "model.joblib"), {}
    for n in SIZES:
        runs = []
        for _ in range(300):
            start = time.perf_counter()
            model.predict(rows[:n])
            runs.append(time.perf_counter() - start)
        took[n] = 1e6 * min(runs)
    return took


def measure(kind, folder, rows, labels, options, found):
    """Add one round of a server to what was found."""
    programs, problem = servers.install(kind.venv) if kind.venv else (None, "")
    if problem:
        found["skipped"] = problem
        return
    server = servers.Server(kind, folder, programs)
    try:
        cells = [(form, n, kind.bodies[form](rows[:n])) for form in FORMS if form in kind.bodies for n in SIZES]
        answer, start = server.wait(cells[0][2])
        found["start"].append(start)
        for form, n, body in cells:
            answer = server.ask(body)
            if answer != labels[:n]:
                raise RuntimeError(f"{form}, {n} rows: other clusters than numpy finds: {answer[:5]}, {labels[:5]}")
        found["idle"].append(server.memory_mib())
        for form, n, body in cells:
            wrk(server, body, 8, 1, folder)  # warm
            for connections in CONNECTIONS:
                found["cells"].setdefault(f"{form}/{n}/{connections}", []).append(wrk(server, body, connections, options.seconds, folder))
        found["busy"].append(server.memory_mib())
    finally:
        server.stop()


def recorder_cost(kinds, folder, rows, labels, options):
    """Both variants again in turn, at 8 connections, in pairs that follow each other: what does the recorder cost a request?"""
    pairs = {}
    for number in range(options.pairs):
        order = kinds if number % 2 else kinds[::-1]
        for kind in order:
            server = servers.Server(kind, folder, None)
            try:
                server.wait(kind.bodies["JSON"](rows[:1]))
                for form in FORMS:
                    for n in SIZES:
                        body = kind.bodies[form](rows[:n])
                        wrk(server, body, 8, 1, folder)
                        pairs.setdefault(f"{form}/{n}", {}).setdefault(kind.name, []).append(wrk(server, body, 8, options.seconds, folder))
            finally:
                server.stop()
    return pairs


def run(options):
    results, pairs = {}, {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows, labels = make_models(folder)
        kinds = [kind for kind in servers.KINDS if not (options.peers and kind.ours)
                 and (not options.only or any(kind.name.startswith(prefix) for prefix in options.only))]
        for number in range(options.rounds):
            for kind in kinds:
                found = results.setdefault(kind.name, {"start": [], "idle": [], "busy": [], "cells": {}})
                if "skipped" in found:
                    continue
                try:
                    measure(kind, folder, rows, labels, options, found)
                except (RuntimeError, OSError) as error:
                    found["skipped"] = f"failed: {str(error)[:600]}"
                print(f"round {number + 1}: {kind.name}: {found.get('skipped', 'measured')}", file=sys.stderr, flush=True)
        two = [kind for kind in kinds if kind.name in (FITTED, UNRECORDED) and "skipped" not in results[kind.name]]
        if len(two) == 2 and options.pairs:
            pairs = recorder_cost(two, folder, rows, labels, options)
        floor = floor_us(folder, rows)
    return {"results": results, "pairs": pairs, "floor": floor}


# ---- telling ----


def middle(values):
    return statistics.median(values)


def rate(results, name, cell):
    runs = results.get(name, {}).get("cells", {}).get(cell)
    return middle([r["rate"] for r in runs]) if runs else None


def number(value):
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def milliseconds(us):
    return f"{us / 1000:.3g}"


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def cell_tables(results):
    for form in FORMS:
        for n in SIZES:
            head = ["", *(f"{c} connection{'s' * (c > 1)}: requests/s" if i == 0 else f"{c}: {what}" for c in CONNECTIONS
                          for i, what in enumerate(("", "p50, ms", "p99, ms"))), "CPU a request, µs"]
            rows = []
            for name, found in results.items():
                runs = [found["cells"].get(f"{form}/{n}/{c}") for c in CONNECTIONS]
                if not all(runs):
                    continue
                rows.append([name, *(text for r in runs for text in (number(middle([x["rate"] for x in r])),
                                                                     milliseconds(middle([x["p50_us"] for x in r])),
                                                                     milliseconds(middle([x["p99_us"] for x in r])))),
                             number(middle([x["cpu_us"] for x in runs[1]]))])
            if rows:
                yield f"## {form}, {n} row{'s' * (n > 1)} a request"
                yield ""
                yield from table(head, rows)


def aims(results):
    """The aims of the issue: ratios at 8 and 64 connections, where a server is busy, and alone at 1."""
    rows = []
    for ours, peers, aim in ((FITTED, ("FastAPI", "FastAPI, 2 processes"), 10), (WORKER, ("MLServer",), 3), (WORKER, ("MLServer, no worker",), None),
                             (WORKER, ("FastAPI",), None), (FITTED, ("BentoML",), None)):
        for form in FORMS:
            for n in SIZES:
                ratios = []
                for c in CONNECTIONS:
                    cell = f"{form}/{n}/{c}"
                    mine, theirs = rate(results, ours, cell), [r for r in (rate(results, peer, cell) for peer in peers) if r]
                    ratios.append(f"{mine / max(theirs):.1f}" if mine and theirs else "–")
                if any(r != "–" for r in ratios):
                    rows.append([ours, " or ".join(peers), f"{form}, {n}", *ratios, f"≥ {aim}" if aim else ""])
    if rows:
        yield "## The aims: requests a second, as a multiple of the better peer's"
        yield ""
        yield from table(["", "against", "", *(f"{c} connection{'s' * (c > 1)}" for c in CONNECTIONS), "aim"], rows)


def recorder(pairs):
    if not pairs:
        return
    yield "## What the recorder costs (aim: at most 2 %)"
    yield ""
    rows = []
    for cell, both in pairs.items():
        row = [cell.replace("/", ", ") + (" rows" if not cell.endswith("/1") else " row")]
        for key, sign in (("rate", -1), ("cpu_us", 1)):
            with_it, without = ([r[key] for r in both[name]] for name in (FITTED, UNRECORDED))
            changes = [100 * sign * (a / b - 1) for a, b in zip(with_it, without)]
            row.append(f"{middle(changes):+.1f} % ({min(changes):+.1f} … {max(changes):+.1f})")
        row.append(", ".join(f"{min(r['cpu_us'] for r in both[name]):.1f}" for name in (FITTED, UNRECORDED)))
        rows.append(row)
    yield from table(["8 connections", "fewer requests a second", "more CPU a request", "least CPU a request, µs: with, without"], rows)
    yield f"Median and range of {len(next(iter(pairs.values()))[FITTED])} pairs of runs, one after the other, the first in turn. Other work on the machine disturbs the least CPU the least."
    yield ""


def memory_table(results):
    rows = [[name, f"{middle(f['start']):.2f}", *(f"{middle([m[i] for m in f[when]]):,.0f}" for when in ("idle", "busy") for i in (0, 1))]
            for name, f in results.items() if f["start"] and f["busy"]]
    if rows:
        yield "## Start and memory"
        yield ""
        yield from table(["", "first answer after, s", "memory then, MiB", "shared counted once", "after the load, MiB", "shared counted once"], rows)


def render(raw, options):
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    version = subprocess.run([OCKHAM, "--version"], capture_output=True, text=True).stdout.strip()
    versions = [line for peer in ("fastapi", "mlserver", "bentoml") for line in (servers.HERE / f"requirements-{peer}.txt").read_text().split()[:2]]
    results = raw["results"]
    lines = [
        "# Serving a model", "",
        f"- Machine: {cpu}, {os.cpu_count()} cores, shared by the server and wrk; load average {raw['load']:.1f} at the start. Python "
        f"{platform.python_version()}, {version}, {', '.join(dict.fromkeys(versions))}, {datetime.date.today()}.",
        f"- Command: `{raw['command']}`. The model: k-means, {N_CLUSTERS} clusters, {N_COLUMNS} columns; every server has the same centroids, and its answers were "
        "compared with numpy's before it was measured.",
        f"- wrk, one thread, {options.seconds} s a cell after 1 s of warming; medians of {options.rounds} rounds over all servers, each started anew a round. "
        "CPU: of all the server's processes, at 8 connections.",
        "- JSON: each server's own form of the same rows; answers hold the clusters alone. binary: the binary tensor extension; FastAPI: bytes by "
        "a hand-written route. MLServer and BentoML have no such form for every client.",
        "- Peers as their documentation has it: FastAPI with types for body and answer, scikit-learn's `predict`; MLServer's scikit-learn runtime "
        "with its default of one parallel worker, and without (then the model runs in the process that reads HTTP); BentoML with an array in and out. ockham's worker is `bench/parts/serving/worker.py`, one process.",
        "- What a Python worker cannot go below: scikit-learn's `predict` alone takes " + ", ".join(
            f"{us:.0f} µs for {n} row{'s' * (n > 1)}" for n, us in raw["floor"].items()) + ".",
        *([f"- **{options.note}**"] if options.note else []),
        ""]
    lines += [*aims(results), *recorder(raw["pairs"]), *cell_tables(results), *memory_table(results)]
    lines += [f"- {name}: {found['skipped']}" for name, found in results.items() if "skipped" in found]
    return "\n".join(lines).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=9, help="of runs with and without the recorder")
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--note", help="a line for the head of the report, such as what else ran")
    parser.add_argument("--output", default=str(HERE / "serve.md"))
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("bench/serve: wrk was not found: apt-get install wrk")
    load = os.getloadavg()[0]
    raw = run(options) | {"load": load, "command": " ".join(["bench/run serve", *sys.argv[1:]])}
    text = render(raw, options)
    pathlib.Path(options.output).write_text(text)
    print(text)


if __name__ == "__main__":
    main()
